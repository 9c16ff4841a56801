// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/xva/metadata.hpp>

#include <array>

namespace xenlab::xva {
namespace {

// Found by leaving out each field in turn in front of a running xapi 23.1, which answers
// "Field X not present in rpc" before it reads a disk byte; tests/data/xva/required-fields.json.
using Fields = std::vector<RequiredField>;

const std::map<std::string_view, Fields>& all()
{
    static const std::map<std::string_view, Fields> fields{
        {"VM",
         {
             {"uuid", "string"},
             {"user_version", "int64"},
             {"is_a_template", "bool"},
             {"resident_on", "ref_host"},
             {"affinity", "ref_host"},
             {"memory_static_max", "int64"},
             {"memory_dynamic_max", "int64"},
             {"memory_dynamic_min", "int64"},
             {"memory_static_min", "int64"},
             {"VCPUs_params", "string_to_string_map"},
             {"VCPUs_max", "int64"},
             {"VCPUs_at_startup", "int64"},
             {"actions_after_shutdown", "on_normal_exit"},
             {"actions_after_reboot", "on_normal_exit"},
             {"actions_after_crash", "on_crash_behaviour"},
             {"PV_bootloader", "string"},
             {"PV_kernel", "string"},
             {"PV_ramdisk", "string"},
             {"PV_args", "string"},
             {"PV_bootloader_args", "string"},
             {"PV_legacy_args", "string"},
             {"HVM_boot_policy", "string"},
             {"HVM_boot_params", "string_to_string_map"},
             {"platform", "string_to_string_map"},
             {"PCI_bus", "string"},
             {"other_config", "string_to_string_map"},
             {"domid", "int64"},
             {"domarch", "string"},
             {"is_control_domain", "bool"},
             {"metrics", "ref_VM_metrics"},
             {"guest_metrics", "ref_VM_guest_metrics"},
             {"recommendations", "string"},
         }},
        {"VDI",
         {
             {"uuid", "string"},
             {"SR", "ref_SR"},
             {"virtual_size", "int64"},
             {"physical_utilisation", "int64"},
             {"type", "vdi_type"},
             {"sharable", "bool"},
             {"read_only", "bool"},
             {"other_config", "string_to_string_map"},
             {"storage_lock", "bool"},
             {"managed", "bool"},
             {"missing", "bool"},
             {"parent", "ref_VDI"},
         }},
        {"VBD",
         {
             {"uuid", "string"},
             {"VM", "ref_VM"},
             {"VDI", "ref_VDI"},
             {"userdevice", "string"},
             {"bootable", "bool"},
             {"mode", "vbd_mode"},
             {"type", "vbd_type"},
             {"storage_lock", "bool"},
             {"empty", "bool"},
             {"other_config", "string_to_string_map"},
             {"status_code", "int64"},
             {"status_detail", "string"},
             {"runtime_properties", "string_to_string_map"},
             {"qos_algorithm_type", "string"},
             {"qos_algorithm_params", "string_to_string_map"},
             {"qos_supported_algorithms", "string_set"},
         }},
        {"VIF",
         {
             {"uuid", "string"},
             {"device", "string"},
             {"network", "ref_network"},
             {"VM", "ref_VM"},
             {"MAC", "string"},
             {"MTU", "int64"},
             {"other_config", "string_to_string_map"},
             {"status_code", "int64"},
             {"status_detail", "string"},
             {"runtime_properties", "string_to_string_map"},
             {"qos_algorithm_type", "string"},
             {"qos_algorithm_params", "string_to_string_map"},
             {"qos_supported_algorithms", "string_set"},
         }},
        {"SR",
         {
             {"uuid", "string"},
             {"virtual_allocation", "int64"},
             {"physical_utilisation", "int64"},
             {"physical_size", "int64"},
             {"type", "string"},
             {"content_type", "string"},
             {"shared", "bool"},
             {"other_config", "string_to_string_map"},
         }},
        {"network",
         {
             {"uuid", "string"},
             {"other_config", "string_to_string_map"},
         }},
        {"host",
         {
             {"uuid", "string"},
             {"API_version_major", "int64"},
             {"API_version_minor", "int64"},
             {"API_version_vendor", "string"},
             {"API_version_vendor_implementation", "string_to_string_map"},
             {"enabled", "bool"},
             {"software_version", "string_to_string_map"},
             {"other_config", "string_to_string_map"},
             {"capabilities", "string_set"},
             {"cpu_configuration", "string_to_string_map"},
             {"sched_policy", "string"},
             {"supported_bootloaders", "string_set"},
             {"logging", "string_to_string_map"},
             {"suspend_image_sr", "ref_SR"},
             {"crash_dump_sr", "ref_SR"},
             {"hostname", "string"},
             {"address", "string"},
             {"metrics", "ref_host_metrics"},
             {"license_params", "string_to_string_map"},
         }},
        {"VM_metrics",
         {
             {"uuid", "string"},
             {"memory_actual", "int64"},
             {"VCPUs_number", "int64"},
             {"VCPUs_CPU", "int64_to_int64_map"},
             {"VCPUs_params", "string_to_string_map"},
             {"VCPUs_flags", "int64_to_string_set_map"},
             {"state", "string_set"},
             {"start_time", "datetime"},
             {"install_time", "datetime"},
             {"last_updated", "datetime"},
         }},
        {"VM_guest_metrics",
         {
             {"uuid", "string"},
             {"os_version", "string_to_string_map"},
             {"PV_drivers_version", "string_to_string_map"},
             {"PV_drivers_up_to_date", "bool"},
             {"networks", "string_to_string_map"},
             {"other", "string_to_string_map"},
             {"last_updated", "datetime"},
         }},
        {"VGPU",
         {
             {"uuid", "string"},
             {"VM", "ref_VM"},
             {"GPU_group", "ref_GPU_group"},
         }},
        {"GPU_group",
         {
             {"uuid", "string"},
         }},
        {"VGPU_type",
         {
             {"uuid", "string"},
         }},
        {"VTPM",
         {
             {"uuid", "string"},
             {"VM", "ref_VM"},
         }},
    };
    return fields;
}

// Enumerations of those fields; a value outside of them fails in the importer, too.
struct Enumeration {
    std::string_view type;
    std::vector<std::string_view> values;
};

const std::vector<Enumeration>& enumerations()
{
    static const std::vector<Enumeration> all_of{
        {"on_normal_exit", {"destroy", "restart"}},
        {"on_crash_behaviour",
         {"destroy", "coredump_and_destroy", "restart", "coredump_and_restart", "preserve",
          "rename_restart"}},
        {"vbd_mode", {"RO", "RW"}},
        {"vbd_type", {"CD", "Disk", "Floppy"}},
        {"vdi_type",
         {"system", "user", "ephemeral", "suspend", "crashdump", "ha_statefile", "metadata",
          "redo_log", "rrd", "pvs_cache", "cbt_metadata"}},
    };
    return all_of;
}

bool is_known_value(const std::string& value, std::string_view type)
{
    for (const Enumeration& e : enumerations())
        if (e.type == type) {
            for (const std::string_view known : e.values)
                if (known == value)
                    return true;
            return false;
        }
    return true;
}

} // namespace

const std::vector<RequiredField>& required_fields(std::string_view class_name)
{
    static const Fields none;
    const auto found = all().find(class_name);
    return found == all().end() ? none : found->second;
}

bool has_type(const xmlrpc::Value& value, std::string_view type)
{
    if (type == "int64")
        return value.as_int().has_value();
    if (type == "bool")
        return value.as_bool().has_value();
    if (type == "datetime")
        return value.type_name() == "dateTime.iso8601";
    if (type.ends_with("_map"))
        return value.if_struct() != nullptr;
    if (type.ends_with("_set") || type.ends_with("set"))
        return value.if_array() != nullptr;
    const std::string* text = value.if_text(); // strings, references, enumerations
    return text != nullptr && is_known_value(*text, type);
}

} // namespace xenlab::xva
