// SPDX-License-Identifier: GPL-3.0-or-later
#include "fields.hpp"

#include <algorithm>

namespace xenlab::xapi {

// A field is named once: as the member and as xapi's name of it.
#define FIELD(name) read(#name, record.name)

Vm Vm::from(const xmlrpc::Value& value)
{
    const Fields read(value);
    Vm record;
    FIELD(uuid);
    FIELD(name_label);
    FIELD(name_description);
    FIELD(power_state);
    FIELD(domain_type);
    FIELD(allowed_operations);
    FIELD(tags);
    FIELD(current_operations);
    FIELD(blocked_operations);
    FIELD(other_config);
    FIELD(platform);
    FIELD(xenstore_data);
    FIELD(HVM_boot_params);
    FIELD(snapshot_info);
    FIELD(HVM_boot_policy);
    FIELD(is_a_template);
    FIELD(is_a_snapshot);
    FIELD(is_control_domain);
    FIELD(is_default_template);
    FIELD(resident_on);
    FIELD(affinity);
    FIELD(guest_metrics);
    FIELD(suspend_VDI);
    FIELD(snapshot_of);
    FIELD(parent);
    FIELD(snapshots);
    FIELD(children);
    FIELD(VBDs);
    FIELD(VIFs);
    FIELD(consoles);
    FIELD(domid);
    FIELD(VCPUs_max);
    FIELD(VCPUs_at_startup);
    FIELD(memory_static_max);
    FIELD(memory_dynamic_max);
    FIELD(memory_target);
    FIELD(snapshot_time);
    return record;
}

Host Host::from(const xmlrpc::Value& value)
{
    const Fields read(value);
    Host record;
    FIELD(uuid);
    FIELD(name_label);
    FIELD(hostname);
    FIELD(address);
    FIELD(enabled);
    FIELD(ssh_enabled);
    FIELD(allowed_operations);
    FIELD(tags);
    FIELD(current_operations);
    FIELD(other_config);
    FIELD(software_version);
    FIELD(cpu_info);
    FIELD(resident_VMs);
    FIELD(PBDs);
    FIELD(control_domain);
    FIELD(metrics);
    record.ssh_known = read.has("ssh_enabled");
    return record;
}

Vbd Vbd::from(const xmlrpc::Value& value)
{
    const Fields read(value);
    Vbd record;
    FIELD(uuid);
    FIELD(device);
    FIELD(userdevice);
    FIELD(mode);
    FIELD(type);
    FIELD(VM);
    FIELD(VDI);
    FIELD(empty);
    FIELD(bootable);
    FIELD(currently_attached);
    FIELD(unpluggable);
    FIELD(allowed_operations);
    FIELD(current_operations);
    FIELD(other_config);
    return record;
}

Vif Vif::from(const xmlrpc::Value& value)
{
    const Fields read(value);
    Vif record;
    FIELD(uuid);
    FIELD(device);
    FIELD(MAC);
    FIELD(locking_mode);
    FIELD(VM);
    FIELD(network);
    FIELD(MTU);
    FIELD(currently_attached);
    FIELD(allowed_operations);
    FIELD(other_config);
    return record;
}

Vdi Vdi::from(const xmlrpc::Value& value)
{
    const Fields read(value);
    Vdi record;
    FIELD(uuid);
    FIELD(name_label);
    FIELD(name_description);
    FIELD(location);
    FIELD(type);
    FIELD(SR);
    FIELD(VBDs);
    FIELD(virtual_size);
    FIELD(physical_utilisation);
    FIELD(sharable);
    FIELD(read_only);
    FIELD(managed);
    FIELD(missing);
    FIELD(is_a_snapshot);
    FIELD(is_tools_iso);
    FIELD(snapshot_of);
    FIELD(parent);
    FIELD(snapshots);
    FIELD(allowed_operations);
    FIELD(tags);
    FIELD(current_operations);
    FIELD(other_config);
    FIELD(sm_config);
    return record;
}

Sr Sr::from(const xmlrpc::Value& value)
{
    const Fields read(value);
    Sr record;
    FIELD(uuid);
    FIELD(name_label);
    FIELD(name_description);
    FIELD(type);
    FIELD(content_type);
    FIELD(shared);
    FIELD(is_tools_sr);
    FIELD(VDIs);
    FIELD(PBDs);
    FIELD(physical_size);
    FIELD(physical_utilisation);
    FIELD(virtual_allocation);
    FIELD(allowed_operations);
    FIELD(tags);
    FIELD(current_operations);
    FIELD(other_config);
    FIELD(sm_config);
    return record;
}

Pbd Pbd::from(const xmlrpc::Value& value)
{
    const Fields read(value);
    Pbd record;
    FIELD(uuid);
    FIELD(host);
    FIELD(SR);
    FIELD(device_config);
    FIELD(other_config);
    FIELD(currently_attached);
    return record;
}

Network Network::from(const xmlrpc::Value& value)
{
    const Fields read(value);
    Network record;
    FIELD(uuid);
    FIELD(name_label);
    FIELD(bridge);
    FIELD(MTU);
    FIELD(VIFs);
    FIELD(purpose);
    FIELD(tags);
    FIELD(other_config);
    return record;
}

Console Console::from(const xmlrpc::Value& value)
{
    const Fields read(value);
    Console record;
    FIELD(uuid);
    FIELD(protocol);
    FIELD(location);
    FIELD(VM);
    return record;
}

GuestMetrics GuestMetrics::from(const xmlrpc::Value& value)
{
    const Fields read(value);
    GuestMetrics record;
    FIELD(os_version);
    FIELD(PV_drivers_version);
    FIELD(other);
    FIELD(networks);
    FIELD(live);
    FIELD(PV_drivers_detected);
    return record;
}

Pool Pool::from(const xmlrpc::Value& value)
{
    const Fields read(value);
    Pool record;
    FIELD(uuid);
    FIELD(name_label);
    FIELD(master);
    FIELD(default_SR);
    FIELD(suspend_image_SR);
    FIELD(other_config);
    return record;
}

Task Task::from(const xmlrpc::Value& value)
{
    const Fields read(value);
    Task record;
    FIELD(uuid);
    FIELD(name_label);
    FIELD(name_description);
    FIELD(status);
    FIELD(progress);
    FIELD(result);
    FIELD(error_info);
    FIELD(allowed_operations);
    FIELD(other_config);
    FIELD(resident_on);
    FIELD(subtask_of);
    FIELD(subtasks);
    FIELD(created);
    FIELD(finished);
    return record;
}

Certificate Certificate::from(const xmlrpc::Value& value)
{
    const Fields read(value);
    Certificate record;
    FIELD(uuid);
    FIELD(type);
    FIELD(host);
    FIELD(not_after);
    read("fingerprint", record.fingerprint); // before 24.19
    read("fingerprint_sha256", record.fingerprint);
    return record;
}

#undef FIELD

std::vector<std::string> GuestMetrics::addresses() const
{
    std::vector<std::string> v4;
    std::vector<std::string> v6;
    for (const auto& [key, address] : networks) {
        const bool is_v6 = key.find("/ipv6/") != std::string::npos;
        auto& list = is_v6 ? v6 : v4;
        const bool link_local =
            is_v6 && (address.starts_with("fe80") || address.starts_with("FE80"));
        const bool is_address =
            is_v6 || key.ends_with("/ip") || key.find("/ipv4/") != std::string::npos;
        if (is_address && !link_local && !address.empty() &&
            std::find(list.begin(), list.end(), address) == list.end())
            list.push_back(address);
    }
    v4.insert(v4.end(), v6.begin(), v6.end());
    return v4;
}

} // namespace xenlab::xapi
