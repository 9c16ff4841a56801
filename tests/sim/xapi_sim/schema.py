# SPDX-License-Identifier: GPL-3.0-or-later
"""The record classes: their fields in wire order, with types and defaults.

Field names, order and wire types come from the recorded records of xapi 23.1
(empty/, pool/, errors-sessions/, vm-lifecycle/); "+" marks the fields for
which the recorded system.listMethods names a setter.

Type letters: s string, i int (a decimal string on the wire), b boolean,
f double, d dateTime, S set of strings, M map, r.C reference to class C,
R.C set of references to class C.
"""

NULL = "OpaqueRef:NULL"
EPOCH = "19700101T00:00:00Z"

_TABLE = {
    "SR": """
        uuid:s name_label:s+ name_description:s+ allowed_operations:S current_operations:M
        VDIs:R.VDI PBDs:R.PBD virtual_allocation:i+ physical_utilisation:i+ physical_size:i+
        type:s content_type:s shared:b+ other_config:M+ tags:S+ sm_config:M+ blobs:M
        local_cache_enabled:b introduced_by:r.DR_task clustered:b is_tools_sr:b
    """,
    "VBD": """
        uuid:s allowed_operations:S current_operations:M VM:r.VM VDI:r.VDI device:s
        userdevice:s+ bootable:b+ mode:s+ type:s+ unpluggable:b+ storage_lock:b empty:b
        other_config:M+ currently_attached:b status_code:i status_detail:s
        runtime_properties:M qos_algorithm_type:s+ qos_algorithm_params:M+
        qos_supported_algorithms:S
    """,
    "task": """
        uuid:s name_label:s name_description:s allowed_operations:S current_operations:M
        created:d finished:d status:s+ resident_on:r.host progress:f+ type:s result:s+
        error_info:S+ other_config:M+ subtask_of:r.task subtasks:R.task backtrace:s
    """,
    "VM": """
        uuid:s allowed_operations:S current_operations:M name_label:s+ name_description:s+
        power_state:s user_version:i+ is_a_template:b+ is_default_template:b+
        suspend_VDI:r.VDI+ resident_on:r.host scheduled_to_be_resident_on:r.host
        affinity:r.host+ memory_overhead:i memory_target:i memory_static_max:i+
        memory_dynamic_max:i+ memory_dynamic_min:i+ memory_static_min:i+ VCPUs_params:M+
        VCPUs_max:i+ VCPUs_at_startup:i+ actions_after_softreboot:s+
        actions_after_shutdown:s+ actions_after_reboot:s+ actions_after_crash:s+
        consoles:R.console VIFs:R.VIF VBDs:R.VBD VUSBs:R.VUSB crash_dumps:R.crashdump
        VTPMs:R.VTPM PV_bootloader:s+ PV_kernel:s+ PV_ramdisk:s+ PV_args:s+
        PV_bootloader_args:s+ PV_legacy_args:s+ HVM_boot_policy:s+ HVM_boot_params:M+
        HVM_shadow_multiplier:f+ platform:M+ PCI_bus:s+ other_config:M+ domid:i domarch:s
        last_boot_CPU_flags:M is_control_domain:b metrics:r.VM_metrics
        guest_metrics:r.VM_guest_metrics last_booted_record:s recommendations:s+
        xenstore_data:M+ ha_always_run:b+ ha_restart_priority:s+ is_a_snapshot:b
        snapshot_of:r.VM snapshots:R.VM snapshot_time:d transportable_snapshot_id:s blobs:M
        tags:S+ blocked_operations:M+ snapshot_info:M snapshot_metadata:s parent:r.VM
        children:R.VM bios_strings:M+ protection_policy:r.VMPP+ snapshot_schedule:r.VMSS+
        is_vmss_snapshot:b appliance:r.VM_appliance+ start_delay:i+ shutdown_delay:i+
        order:i+ VGPUs:R.VGPU attached_PCIs:R.PCI suspend_SR:r.SR+ version:i generation_id:s
        hardware_platform_version:i+ has_vendor_device:b+ requires_reboot:b reference_label:s
        domain_type:s+ NVRAM:M+ pending_guidances:S
    """,
    "host": """
        uuid:s name_label:s+ name_description:s+ memory_overhead:i allowed_operations:S
        current_operations:M API_version_major:i API_version_minor:i API_version_vendor:s
        API_version_vendor_implementation:M enabled:b software_version:M other_config:M+
        capabilities:S cpu_configuration:M sched_policy:s supported_bootloaders:S
        resident_VMs:R.VM logging:M+ PIFs:R.PIF suspend_image_sr:r.SR+ crash_dump_sr:r.SR+
        crashdumps:R.host_crashdump patches:R.host_patch updates:R.pool_update PBDs:R.PBD
        host_CPUs:R.host_cpu cpu_info:M hostname:s+ address:s+ metrics:r.host_metrics
        license_params:M+ ha_statefiles:S ha_network_peers:S blobs:M tags:S+
        external_auth_type:s external_auth_service_name:s external_auth_configuration:M
        edition:s license_server:M+ bios_strings:M power_on_mode:s+ power_on_config:M
        local_cache_sr:r.SR chipset_info:M PCIs:R.PCI PGPUs:R.PGPU PUSBs:R.PUSB ssl_legacy:b+
        guest_VCPUs_params:M+ display:s+ virtual_hardware_platform_versions:S
        control_domain:r.VM updates_requiring_reboot:R.pool_update features:R.Feature
        iscsi_iqn:s+ multipathing:b+ uefi_certificates:s+ certificates:R.Certificate
        editions:S pending_guidances:S tls_verification_enabled:b last_software_update:d
        https_only:b+
    """,
    "pool": """
        uuid:s name_label:s+ name_description:s+ master:r.host default_SR:r.SR+
        suspend_image_SR:r.SR+ crash_dump_SR:r.SR+ other_config:M+ ha_enabled:b
        ha_configuration:M ha_statefiles:S ha_host_failures_to_tolerate:i+
        ha_plan_exists_for:i ha_allow_overcommit:b+ ha_overcommitted:b blobs:M tags:S+
        gui_config:M+ health_check_config:M+ wlb_url:s wlb_username:s wlb_enabled:b+
        wlb_verify_cert:b+ redo_log_enabled:b redo_log_vdi:r.VDI vswitch_controller:s+
        restrictions:M metadata_VDIs:R.VDI ha_cluster_stack:s allowed_operations:S
        current_operations:M guest_agent_config:M+ cpu_info:M policy_no_vendor_device:b+
        live_patching_disabled:b+ igmp_snooping_enabled:b+ uefi_certificates:s+
        is_psr_pending:b+ tls_verification_enabled:b repositories:R.Repository+
        client_certificate_auth_enabled:b client_certificate_auth_name:s
        repository_proxy_url:s repository_proxy_username:s migration_compression:b+
        coordinator_bias:b+
    """,
    "VDI": """
        uuid:s name_label:s+ name_description:s+ allowed_operations:S current_operations:M
        SR:r.SR VBDs:R.VBD crash_dumps:R.crashdump virtual_size:i+ physical_utilisation:i+
        type:s sharable:b+ read_only:b+ other_config:M+ storage_lock:b location:s managed:b+
        missing:b+ parent:r.VDI xenstore_data:M+ sm_config:M+ is_a_snapshot:b+
        snapshot_of:r.VDI+ snapshots:R.VDI snapshot_time:d+ tags:S+ allow_caching:b+
        on_boot:s+ metadata_of_pool:s+ metadata_latest:b is_tools_iso:b cbt_enabled:b+
    """,
    "VIF": """
        uuid:s allowed_operations:S current_operations:M device:s network:r.network VM:r.VM
        MAC:s MTU:i other_config:M+ currently_attached:b status_code:i status_detail:s
        runtime_properties:M qos_algorithm_type:s+ qos_algorithm_params:M+
        qos_supported_algorithms:S MAC_autogenerated:b locking_mode:s+ ipv4_allowed:S+
        ipv6_allowed:S+ ipv4_configuration_mode:s ipv4_addresses:S ipv4_gateway:s
        ipv6_configuration_mode:s ipv6_addresses:S ipv6_gateway:s
    """,
    "network": """
        uuid:s name_label:s+ name_description:s+ allowed_operations:S current_operations:M
        VIFs:R.VIF PIFs:R.PIF MTU:i+ other_config:M+ bridge:s managed:b blobs:M tags:S+
        default_locking_mode:s+ assigned_ips:M purpose:S+
    """,
    "PBD": """
        uuid:s host:r.host SR:r.SR device_config:M+ currently_attached:b other_config:M+
    """,
    "console": """
        uuid:s protocol:s location:s VM:r.VM other_config:M+
    """,
    "VM_guest_metrics": """
        uuid:s os_version:M PV_drivers_version:M PV_drivers_up_to_date:b networks:M other:M
        last_updated:d other_config:M+ live:b can_use_hotplug_vbd:s can_use_hotplug_vif:s
        PV_drivers_detected:b
    """,
    "VM_metrics": """
        uuid:s memory_actual:i VCPUs_number:i VCPUs_CPU:M VCPUs_params:M VCPUs_flags:M
        state:S start_time:d install_time:d last_updated:d other_config:M+ hvm:b
        nested_virt:b nomigrate:b current_domain_type:s
    """,
    "host_metrics": """
        uuid:s memory_total:i live:b last_updated:d other_config:M+
    """,
    "SM": """
        uuid:s name_label:s name_description:s type:s vendor:s copyright:s version:s
        required_api_version:s configuration:M capabilities:S features:M other_config:M+
        driver_filename:s required_cluster_stack:S
    """,
    "role": """
        uuid:s name_label:s name_description:s subroles:R.role is_internal:b
    """,
    "session": """
        uuid:s this_host:r.host this_user:r.user last_active:d pool:b other_config:M+
        is_local_superuser:b subject:r.subject validation_time:d auth_user_sid:s
        auth_user_name:s rbac_permissions:S tasks:R.task parent:r.session originator:s
        client_certificate:b
    """,
    "Certificate": """
        uuid:s name:s type:s host:r.host not_before:d not_after:d fingerprint:s
    """,
    "message": """
        uuid:s name:s priority:i cls:s obj_uuid:s timestamp:d body:s
    """,
    "PIF": """
        uuid:s device:s network:r.network host:r.host MAC:s MTU:i VLAN:i
        metrics:r.PIF_metrics physical:b currently_attached:b ip_configuration_mode:s IP:s
        netmask:s gateway:s DNS:s bond_slave_of:r.Bond bond_master_of:R.Bond
        VLAN_master_of:r.VLAN VLAN_slave_of:R.VLAN management:b other_config:M+
        disallow_unplug:b+ tunnel_access_PIF_of:R.tunnel tunnel_transport_PIF_of:R.tunnel
        ipv6_configuration_mode:s IPv6:S ipv6_gateway:s primary_address_type:s+ managed:b
        properties:M capabilities:S igmp_snooping_status:s
        sriov_physical_PIF_of:R.network_sriov sriov_logical_PIF_of:R.network_sriov PCI:r.PCI
    """,
    "secret": """
        uuid:s value:s+ other_config:M+
    """,
}

#: Classes the pool counts in valid_ref_counts (observed: vm-lifecycle/005)
#: although this simulator holds no rows of them.
EMPTY_CLASSES = (
    "vdi_nbd_server_info user tunnel subject sr_stat probe_result pool_update pool_patch "
    "network_sriov host_patch host_crashdump host_cpu event data_source crashdump blob auth "
    "VUSB VTPM VM_appliance VMSS VMPP VLAN VIF_metrics VGPU_type VGPU VBD_metrics USB_group "
    "SDN_controller Repository PVS_site PVS_server PVS_proxy PVS_cache_storage PUSB "
    "PIF_metrics PGPU PCI LVHD GPU_group Feature Diagnostics DR_task Cluster_host Cluster Bond"
).split()

#: Empty classes that nevertheless answer get_all and get_all_records.
QUERYABLE_EMPTY = (
    "tunnel subject pool_update pool_patch network_sriov host_patch host_crashdump host_cpu "
    "crashdump blob VUSB VTPM VM_appliance VMSS VMPP VLAN VIF_metrics VGPU_type VGPU "
    "VBD_metrics USB_group SDN_controller Repository PVS_site PVS_server PVS_proxy "
    "PVS_cache_storage PUSB PIF_metrics PGPU PCI GPU_group Feature DR_task Cluster_host "
    "Cluster Bond"
).split()


class Field:
    """One field: name, kind letter, class it points to, settable or not."""

    __slots__ = ("name", "kind", "target", "settable")

    def __init__(self, text):
        self.name, kind = text.split(":")
        self.settable = kind.endswith("+")
        kind = kind.rstrip("+")
        self.kind, _, self.target = kind.partition(".")

    def default(self):
        """The value of the field in a record nobody filled in."""
        return {"s": "", "i": 0, "b": False, "f": 0.0, "d": EPOCH, "r": NULL}.get(
            self.kind, None
        ) if self.kind not in "SMR" else ({} if self.kind == "M" else [])


CLASSES = {
    cls: {f.name: f for f in map(Field, text.split())} for cls, text in _TABLE.items()
}
for _cls in QUERYABLE_EMPTY:
    CLASSES.setdefault(_cls, {"uuid": Field("uuid:s")})

#: lower-case class name (as in events) -> real spelling
SPELLING = {cls.lower(): cls for cls in list(CLASSES) + EMPTY_CLASSES}

#: (class, reference field) -> set field of the target that mirrors it.
MIRRORS = {
    ("VBD", "VM"): "VBDs",
    ("VBD", "VDI"): "VBDs",
    ("VIF", "VM"): "VIFs",
    ("VIF", "network"): "VIFs",
    ("VDI", "SR"): "VDIs",
    ("VDI", "snapshot_of"): "snapshots",
    ("PBD", "SR"): "PBDs",
    ("PBD", "host"): "PBDs",
    ("PIF", "host"): "PIFs",
    ("PIF", "network"): "PIFs",
    ("console", "VM"): "consoles",
    ("VM", "resident_on"): "resident_VMs",
    ("VM", "snapshot_of"): "snapshots",
    ("VM", "parent"): "children",
    ("task", "subtask_of"): "subtasks",
    ("Certificate", "host"): "certificates",
}

#: Setters the server refuses although it lists them (observed: sr-vdi/071-074, 021).
REFUSED_SETTERS = {
    "VDI.set_read_only", "VDI.set_sharable", "VDI.set_virtual_size", "VDI.set_managed",
    "VDI.set_missing", "VDI.set_physical_utilisation", "VDI.set_is_a_snapshot",
    "VDI.set_snapshot_of", "VDI.set_snapshot_time", "VDI.set_metadata_of_pool",
    "VDI.set_cbt_enabled", "PBD.set_device_config",
}

VM_OPERATIONS = set(
    "snapshot clone copy create_template revert checkpoint snapshot_with_quiesce provision "
    "start start_on pause unpause clean_shutdown clean_reboot hard_shutdown power_state_reset "
    "hard_reboot suspend csvm resume resume_on pool_migrate migrate_send get_boot_record "
    "send_sysrq send_trigger query_services shutdown call_plugin changing_memory_live "
    "awaiting_memory_live changing_dynamic_range changing_static_range "
    "changing_memory_limits changing_shadow_memory changing_shadow_memory_live "
    "changing_VCPUs changing_VCPUs_live changing_NVRAM assert_operation_valid "
    "data_source_op update_allowed_operations make_into_template import export "
    "metadata_export reverting destroy create_vtpm".split()
)

#: Enumerations checked on input; anything else is Failure("Unknown tag/contents").
ENUMS = {
    ("VDI", "type"): set(
        "system user ephemeral suspend crashdump ha_statefile metadata redo_log rrd "
        "pvs_cache cbt_metadata".split()
    ),
    ("VDI", "on_boot"): {"reset", "persist"},
    ("VBD", "mode"): {"RO", "RW"},
    ("VBD", "type"): {"CD", "Disk", "Floppy"},
    ("task", "status"): {"pending", "success", "failure", "cancelling", "cancelled"},
    ("VM", "power_state"): {"Halted", "Paused", "Running", "Suspended"},
    ("VM", "domain_type"): {"hvm", "pv", "pvh", "pv_in_pvh", "unspecified"},
    ("VM", "actions_after_shutdown"): {"destroy", "restart"},
    ("VM", "actions_after_reboot"): {"destroy", "restart"},
    ("VIF", "locking_mode"): {"network_default", "locked", "unlocked", "disabled"},
    ("VM", "blocked_operations"): VM_OPERATIONS,
}
