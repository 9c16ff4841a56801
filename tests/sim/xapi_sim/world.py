# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects a fresh pool holds: hosts, networks, SRs, templates and VMs."""

import time
import uuid

from .clock import iso
from .schema import NULL
from .vm import BIOS_STRINGS, make_consoles, make_vm

GIB = 1 << 30

_RESTRICTIONS = (
    "vlan qos pool_attached_storage netapp equalogic pooling marathon email_alerting "
    "historical_performance wlb rbac dmc checkpoint cpu_masking connection vmpr vmss "
    "intellicache gpu dr vif_locking storage_xen_motion vgpu integrated_gpu_passthrough vss "
    "guest_agent_auto_update pci_device_for_auto_update xen_motion guest_ip_setting ad "
    "nested_virt live_patching set_vcpus_number_live pvs_proxy igmp_snooping rpu pool_size cbt "
    "usb_passthrough network_sriov corosync zstd_export pool_secret_rotation "
    "certificate_verification updates internal_repo_access"
).split()
RESTRICTIONS = {f"restrict_{name}": "false" for name in _RESTRICTIONS}

SOFTWARE = {
    "product_version": "8.3.0", "product_version_text": "8.3",
    "product_version_text_short": "8.3", "platform_name": "XCP", "platform_version": "3.4.0",
    "product_brand": "XCP-ng", "build_number": "1", "git_id": "0", "hostname": "localhost",
    "date": "20261122T15:19:10Z", "xapi": "23.1", "xapi_build": "23.1.0", "xen": "4.17.4",
    "linux": "4.19.0", "xencenter_min": "2.20", "xencenter_max": "2.20",
    "network_backend": "openvswitch", "db_schema": "5.759",
}

_SM_FEATURES = (
    "SR_PROBE SR_UPDATE VDI_ACTIVATE VDI_ATTACH VDI_CLONE VDI_CREATE VDI_DEACTIVATE VDI_DELETE "
    "VDI_DETACH VDI_INTRODUCE VDI_RESIZE VDI_SNAPSHOT VDI_UPDATE"
).split()
DEFAULT_DRIVERS = ("nfs", "iso", "ext", "lvm", "lvmoiscsi", "smb", "udev")

#: Names that broke other tools; the last holds a byte that is not UTF-8.
HOSTILE_NAMES = (
    "two\nlines", "-x", "--help", "a,b c", "\x1b[31mred\x1b[0m", "tab\there", " lead and trail ",
    "quote\"'`$(id)", "*", "../../etc", "OpaqueRef:NULL", "\u202egnp.exe", "bad\udcffutf8",
)


def build(pool, addresses):
    """Fill the database."""
    _pool_and_hosts(pool, addresses)
    network = _networks(pool)
    storage = _storage(pool)
    make_roles(pool)
    db = pool.db
    db.set(
        "pool", pool.pool_ref, default_SR=storage, suspend_image_SR=storage,
        crash_dump_SR=storage,
    )
    _templates(pool)
    for number in range(pool.options.vms):
        _vm(pool, number, f"vm{number + 1:03d}", network, storage)
    if pool.faults.is_on("hostile-names"):
        for number, name in enumerate(HOSTILE_NAMES):
            _vm(pool, pool.options.vms + number, name, network, storage)


def _pool_and_hosts(pool, addresses):
    db = pool.db
    hosts = []
    for number, address in enumerate(addresses):
        metrics = db.create("host_metrics", memory_total=1 << 40, live=True, last_updated=iso())
        start = f"{int(time.time()) - 60}."
        host = db.create(
            "host", name_label=f"host{number + 1}", name_description="A simulated host",
            memory_overhead=1 << 30, allowed_operations=["provision", "evacuate"],
            API_version_major=2, API_version_minor=20, API_version_vendor="XenSource",
            enabled=True, software_version=dict(SOFTWARE),
            other_config={"agent_start_time": start, "boot_time": start,
                          "iscsi_iqn": f"iqn.2026-11.lab:{number:08x}"},
            capabilities=["xen-3.0-x86_64", "hvm-3.0-x86_32", "hvm-3.0-x86_64"],
            sched_policy="credit", supported_bootloaders=["pygrub", "eliloader"],
            cpu_info={"cpu_count": "4", "socket_count": "1", "vendor": "GenuineIntel",
                      "speed": "2400.000", "modelname": "Simulated CPU", "features_pv": "",
                      "features_hvm": ""},
            hostname=f"host{number + 1}", address=address, metrics=metrics,
            license_params=dict(RESTRICTIONS), edition="xcp-ng",
            license_server={"address": "localhost", "port": "27000"},
            bios_strings={"bios-vendor": "", "oem-1": "Xen"}, chipset_info={"iommu": "false"},
            display="enabled", virtual_hardware_platform_versions=["0", "1", "2"],
            iscsi_iqn=f"iqn.2026-11.lab:{number:08x}", editions=["xcp-ng"], https_only=True,
        )
        dom0 = make_vm(
            pool, name_label=f"Control domain on host: host{number + 1}",
            is_control_domain=True, power_state="Running", domid=0, resident_on=host,
            affinity=host, domain_type="pv", memory_static_max=2 * GIB,
            memory_dynamic_max=2 * GIB, memory_dynamic_min=2 * GIB, memory_static_min=GIB,
            VCPUs_max=4, VCPUs_at_startup=4, other_config={"is_system_domain": "true"},
        )
        db.set("host", host, control_domain=dom0)
        make_consoles(pool, dom0, host)
        db.create(
            "Certificate", type="host", host=host, not_before=iso(), not_after="20361119T16:16:12Z",
            fingerprint=pool.tls.fingerprint,
        )
        hosts.append(host)
    pool.master_ref, pool.master_address = hosts[0], addresses[0]
    pool.pool_ref = db.create(
        "pool", name_label="simulated pool", master=hosts[0], restrictions=dict(RESTRICTIONS),
        other_config={"memory-ratio-hvm": "0.25", "memory-ratio-pv": "0.25"},
        default_SR=NULL, suspend_image_SR=NULL, crash_dump_SR=NULL, redo_log_vdi=NULL,
        allowed_operations=["cluster_create", "designate_new_master", "ha_enable"],
        cpu_info={"vendor": "GenuineIntel", "cpu_count": str(4 * len(hosts))},
        coordinator_bias=True, ha_cluster_stack="",
    )


def _networks(pool):
    db = pool.db
    main = db.create(
        "network", name_label="labnet", bridge="xenbr0", MTU=1500, managed=True,
        default_locking_mode="unlocked",
    )
    db.create(
        "network", name_label="Host internal management network", bridge="xenapi", MTU=1500,
        managed=True, default_locking_mode="unlocked",
        other_config={"is_guest_installer_network": "true", "ip_begin": "169.254.0.1",
                      "is_host_internal_management_network": "true",
                      "ip_end": "169.254.255.254", "netmask": "255.255.0.0"},
    )
    for host in db.rows("host"):
        db.create(
            "PIF", device="eth0", network=main, host=host.ref, MAC=pool.new_mac(), MTU=1500,
            VLAN=-1, physical=True, currently_attached=True, ip_configuration_mode="Static",
            IP=host["address"], netmask="255.0.0.0", management=True, managed=True,
            ipv6_configuration_mode="None", primary_address_type="IPv4",
            properties={"gro": "on"}, igmp_snooping_status="disabled",
        )
    return main


def _storage(pool):
    db = pool.db
    for kind in pool.options.sm_drivers or DEFAULT_DRIVERS:
        db.create(
            "SM", name_label=kind, name_description=f"{kind} storage", type=kind, vendor="sim",
            copyright="none", version="1.0", required_api_version="1.0",
            capabilities=list(_SM_FEATURES), features={f: "1" for f in _SM_FEATURES},
            driver_filename=f"/opt/xensource/sm/{kind}SR",
        )
    first = None
    plan = [("shared storage", "nfs", "user", True), ("ISO library", "iso", "iso", True)]
    plan += [(f"Local storage {n + 1}", "ext", "user", False) for n in range(len(db.rows("host")))]
    if pool.options.sm_drivers:
        kind = pool.options.sm_drivers[0]
        plan = [("lab sr", kind, "user", False)]
    local = 0
    for name, kind, content, shared in plan:
        ref = db.create(
            "SR", name_label=name, type=kind, content_type=content, shared=shared,
            physical_size=1 << 40, other_config={"auto-scan": "true"} if kind == "iso" else {},
        )
        row = db.row("SR", ref)
        db.set("SR", ref, allowed_operations=pool.operations.sr_allowed(row))
        hosts = list(db.rows("host"))
        if not shared:
            hosts, local = hosts[local : local + 1], local + 1
        config = {
            "nfs": {"server": "10.20.30.9", "serverpath": "/srv/vm"},
            "iso": {"location": "10.20.30.9:/srv/iso", "type": "nfs_iso"},
            "ext": {"device": "/dev/sda3"},
        }.get(kind, {})
        for host in hosts:
            db.create("PBD", host=host.ref, SR=ref, device_config=config, currently_attached=True,
                      other_config={"storage_driver_domain": host["control_domain"]})
        if kind == "iso":
            for image in pool.iso_files:
                pool.make_vdi(ref, name_label=image, location=image, virtual_size=8 << 20,
                              type="user", read_only=True)
        first = first or ref
    return first


def make_roles(pool):
    """The roles of role-based access control."""
    for name in ("pool-admin", "pool-operator", "vm-power-admin", "vm-admin", "vm-operator",
                 "read-only"):
        pool.db.create("role", name_label=name, name_description=f"The {name} role")


def _common(memory, name, order="cd"):
    return {
        "name_label": name, "memory_static_max": memory, "memory_dynamic_max": memory,
        "memory_dynamic_min": memory, "memory_static_min": memory // 2, "VCPUs_max": 2,
        "VCPUs_at_startup": 2, "actions_after_shutdown": "destroy",
        "actions_after_reboot": "restart", "actions_after_crash": "restart",
        "HVM_boot_policy": "BIOS order", "HVM_boot_params": {"order": order, "firmware": "bios"},
        "platform": {"nx": "true", "acpi": "1", "apic": "true", "pae": "true", "stdvga": "0",
                     "viridian": "true", "timeoffset": "0", "videoram": "8"},
        "domain_type": "hvm",
        "recommendations": (
            '<restrictions><restriction field="memory-static-max" max="1649267441664"/>'
            '<restriction field="vcpus-max" max="32"/>'
            '<restriction property="number-of-vbds" max="255"/>'
            '<restriction property="number-of-vifs" max="7"/></restrictions>'
        ),
    }


def _templates(pool):
    for name, size in (("Debian Bookworm 12", 10), ("Other install media", 32)):
        disks = (f'<provision><disk device="0" size="{size * GIB}" sr="" bootable="true" '
                 'type="system"/></provision>')
        fields = _common(2 * GIB, name, "dc")
        ref = make_vm(
            pool, is_a_template=True, is_default_template=True,
            name_description="A template that came with the product",
            other_config={"default_template": "true", "disks": disks,
                          "mac_seed": str(uuid.uuid4()), "install-methods": "cdrom"},
            **fields,
        )
        pool.agents[ref] = True


def _vm(pool, number, name, network, storage):
    """A VM with a disk, an empty CD drive and a NIC."""
    db = pool.db
    other = {"mac_seed": str(uuid.uuid4()), "install-methods": "cdrom,nfs,http,ftp",
             "base_template_name": "Debian Bookworm 12", "linux_template": "true",
             "import_task": "OpaqueRef:" + str(uuid.uuid4()), "folder": "/lab"}
    vm = make_vm(
        pool, name_description=f"Simulated machine number {number + 1} of the lab",
        other_config=other, bios_strings=dict(BIOS_STRINGS),
        tags=["lab", f"rack{number % 4}"], **_common(2 * GIB, name),
    )
    pool.agents[vm] = number % 5 != 4
    disk = pool.make_vdi(storage, name_label=f"{name} disk", virtual_size=8 * GIB, type="system")
    for device, vdi, kind, mode in (("0", disk, "Disk", "RW"), ("3", NULL, "CD", "RO")):
        db.create("VBD", VM=vm, VDI=vdi, userdevice=device, type=kind, mode=mode,
                  empty=vdi == NULL, bootable=device == "0", unpluggable=kind == "Disk",
                  other_config={"owner": ""} if kind == "Disk" else {})
    db.create("VIF", VM=vm, network=network, device="0", MAC=pool.new_mac(), MTU=1500,
              MAC_autogenerated=True, locking_mode="network_default",
              ipv4_configuration_mode="None", ipv6_configuration_mode="None")
    if number < pool.options.running:
        hosts = list(db.tables["host"])
        set_running(pool, vm, hosts[number % len(hosts)])
    pool.operations.refresh_vm(vm)


def set_running(pool, vm, host):
    """A VM of a database that runs already."""
    db = pool.db
    row = db.row("VM", vm)
    guest = db.create("VM_guest_metrics", last_updated=iso(), live=True,
                      can_use_hotplug_vbd="unspecified", can_use_hotplug_vif="unspecified")
    db.set("VM", vm, power_state="Running", resident_on=host, domid=pool.next_domid(),
           guest_metrics=guest, last_boot_CPU_flags={"vendor": "GenuineIntel", "features": ""})
    db.set("VM_metrics", row["metrics"], VCPUs_number=2, start_time=iso(),
           current_domain_type="hvm", memory_actual=2 * GIB)
    make_consoles(pool, vm, host)
    for cls, refs in (("VBD", row["VBDs"]), ("VIF", row["VIFs"])):
        for ref in refs:
            db.set(cls, ref, currently_attached=True)
    if pool.agents[vm]:
        pool.agent_reports(db.row("VM", vm))
