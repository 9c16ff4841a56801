// SPDX-License-Identifier: GPL-3.0-or-later
// The records of a new archive. Shapes: xen-api ocaml/xapi/export.ml; scalars are untyped but for
// booleans.
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/block/vhd_writer.hpp>
#include <xenlab/xva/metadata.hpp>
#include <xenlab/xva/pack.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <ctime>
#include <map>
#include <vector>

namespace xenlab::xva {
namespace {

constexpr std::string_view null_ref = "OpaqueRef:NULL";
constexpr std::string_view vm_ref = "Ref:1";
constexpr std::string_view sr_ref = "Ref:2";

/// XML text; a control character that no document can hold becomes "?".
std::string escaped(std::string_view text)
{
    std::string out;
    for (const char c : text)
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n')
            out += '?';
        else
            out += c;
    return out;
}

std::string value(std::string_view text)
{
    return fmt::format("<value>{}</value>", escaped(text));
}
std::string boolean(bool flag)
{
    return fmt::format("<value><boolean>{}</boolean></value>", flag ? 1 : 0);
}
std::string number(std::uint64_t n)
{
    return value(fmt::format("{}", n));
}

using Members = std::map<std::string, std::string, std::less<>>; ///< name -> element

std::string structure(const Members& members)
{
    std::string out = "<value><struct>";
    for (const auto& [name, element] : members)
        out += fmt::format("<member><name>{}</name>{}</member>", name, element);
    return out + "</struct></value>";
}
std::string array(const std::vector<std::string>& elements)
{
    return fmt::format("<value><array><data>{}</data></array></value>",
                       fmt::join(elements, std::string_view()));
}

std::string fresh_id()
{
    return block::vhd::to_string(block::VhdIdentity::fresh().uuid);
}

/// What a field of this type is when nothing is to be said.
std::string plain(std::string_view type)
{
    if (type == "bool")
        return boolean(false);
    if (type == "int64")
        return value("0");
    if (type.ends_with("_map"))
        return structure({});
    if (type.ends_with("_set"))
        return array({});
    if (type.starts_with("ref_"))
        return value(null_ref);
    if (type == "datetime")
        return "<value><dateTime.iso8601>19700101T00:00:00Z</dateTime.iso8601></value>";
    return value("");
}

/// {class, id, snapshot}: all fields that an importer demands, and those given.
std::string object(std::string_view class_name, std::string_view ref, Members record)
{
    record.try_emplace("uuid", value(fresh_id()));
    for (const RequiredField& field : required_fields(class_name))
        record.try_emplace(std::string(field.name), plain(field.type));
    return structure(
        {{"class", value(class_name)}, {"id", value(ref)}, {"snapshot", structure(record)}});
}

// References of equal length: their order as strings is their order as numbers.
std::string vbd_ref(std::size_t n)
{
    return fmt::format("Ref:{}", 100 + n);
}
std::string vdi_ref(std::size_t n)
{
    return fmt::format("Ref:{}", 400 + n);
}

std::string vm_record(const NewVm& vm)
{
    std::vector<std::string> vbds;
    for (std::size_t i = 0; i < vm.disks.size(); ++i)
        vbds.push_back(value(vbd_ref(i)));
    const std::string memory = number(vm.memory);
    const std::string vcpus = number(vm.vcpus);
    return object("VM", vm_ref,
                  {{"name_label", value(vm.name)},
                   {"name_description", value("")},
                   {"power_state", value("Halted")},
                   {"user_version", value("1")},
                   {"memory_static_max", memory},
                   {"memory_dynamic_max", memory},
                   {"memory_dynamic_min", memory},
                   {"memory_static_min", memory},
                   {"VCPUs_max", vcpus},
                   {"VCPUs_at_startup", vcpus},
                   {"actions_after_shutdown", value("destroy")},
                   {"actions_after_reboot", value("restart")},
                   {"actions_after_crash", value("restart")},
                   {"HVM_boot_policy", value("BIOS order")},
                   {"HVM_boot_params", structure({{"order", value("cd")},
                                                  {"firmware", value(vm.uefi ? "uefi" : "bios")}})},
                   {"platform", structure({{"acpi", value("1")},
                                           {"apic", value("true")},
                                           {"device-model", value("qemu-upstream-compat")},
                                           {"nx", value("true")},
                                           {"pae", value("true")}})},
                   {"other_config", structure({{"mac_seed", value(fresh_id())}})},
                   {"domid", value("-1")},
                   {"domain_type", value("hvm")},
                   {"VBDs", array(vbds)}});
}

std::string vbd_record(std::size_t n)
{
    return object("VBD", vbd_ref(n),
                  {{"VM", value(vm_ref)},
                   {"VDI", value(vdi_ref(n))},
                   {"userdevice", number(n)},
                   {"device", value("")},
                   {"bootable", boolean(n == 0)},
                   {"mode", value("RW")},
                   {"type", value("Disk")},
                   {"empty", boolean(false)}});
}

std::string vdi_record(std::size_t n, const NewVm::Disk& disk)
{
    return object("VDI", vdi_ref(n),
                  {{"name_label", value(disk.name)},
                   {"name_description", value("")},
                   {"SR", value(sr_ref)},
                   {"VBDs", array({value(vbd_ref(n))})},
                   {"virtual_size", number(disk.size)},
                   {"physical_utilisation", number(disk.size)},
                   {"type", value("user")},
                   {"managed", boolean(true)}});
}

std::string version_record()
{
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    std::array<char, 32> date{};
    std::strftime(date.data(), date.size(), "%Y%m%dT%H:%M:%SZ", &utc);
    // A host refuses archives of an interface newer than its own; every one in use has this.
    return structure({{"hostname", value("localhost")},
                      {"date", value(date.data())},
                      {"product_version", value("7.0.0")},
                      {"product_brand", value("xenlab")},
                      {"build_number", value("0")},
                      {"xapi_major", value("1")},
                      {"xapi_minor", value("3")},
                      {"export_vsn", value("2")}});
}

} // namespace

std::string make_ova_xml(const NewVm& vm)
{
    if (vm.disks.size() > 255)
        throw Error(Errc::precondition, "a VM has at most 255 disks");
    if (!text::is_utf8(vm.name))
        throw Error(Errc::usage, "the name of the VM is not UTF-8");
    std::vector<std::string> objects{vm_record(vm)};
    for (std::size_t i = 0; i < vm.disks.size(); ++i)
        objects.push_back(vbd_record(i));
    for (std::size_t i = 0; i < vm.disks.size(); ++i)
        objects.push_back(vdi_record(i, vm.disks[i]));
    objects.push_back(object("SR", sr_ref,
                             {{"name_label", value("packed disks")},
                              {"type", value("ext")},
                              {"content_type", value("user")}}));
    return structure({{"version", version_record()}, {"objects", array(objects)}});
}

} // namespace xenlab::xva
