// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/bytes/checked.hpp>
#include <xenlab/xmlrpc/slicer.hpp>
#include <xenlab/xva/metadata.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace xenlab::xva {
namespace {

constexpr std::size_t max_disks = 65'536;
constexpr std::size_t max_kept = 16U << 20U; // bytes of names and ids
constexpr std::size_t max_missing = 100;

[[noreturn]] void fail(const std::string& words)
{
    throw Error(Errc::bad_data, words);
}

std::string text_of(const xmlrpc::Value& record, std::string_view member)
{
    const xmlrpc::Value* value = record.find(member);
    return value == nullptr ? std::string() : value->as_scalar().value_or("");
}

bool flag_of(const xmlrpc::Value& record, std::string_view member)
{
    const xmlrpc::Value* value = record.find(member);
    return value != nullptr && value->as_bool().value_or(false);
}

struct Vbd {
    std::string vm, vdi, userdevice;
    bool cd = false;
    bool bootable = false;
};

struct Vdi {
    Disk disk;
    std::string sr;
};

} // namespace

class MetadataReader::Impl {
  public:
    void take(std::string_view member, std::string_view key, const xmlrpc::Value& value);
    Metadata finish();

    xmlrpc::Slicer slicer{[this](std::string_view member, std::string_view key,
                                 const xmlrpc::Value& value) { take(member, key, value); }};

  private:
    void take_object(const xmlrpc::Value& object);
    void take_vdi(const std::string& id, const xmlrpc::Value& record);
    void check_fields(const std::string& class_name, const std::string& id,
                      const xmlrpc::Value& record);
    std::string keep(std::string text);

    Metadata metadata_;
    bool seen_objects_ = false;
    std::size_t kept_ = 0;
    std::map<std::string, std::string> vm_names_;   ///< by id
    std::map<std::string, std::string> suspend_of_; ///< VDI id -> VM id
    std::map<std::string, std::string> sr_content_; ///< SR id -> content_type
    std::vector<Vbd> vbds_;
    std::map<std::string, Vdi> vdis_; ///< by id: std::string order is the order of the stream
};

std::string MetadataReader::Impl::keep(std::string text)
{
    static constexpr std::size_t overhead = 64;
    kept_ += text.size() + overhead;
    if (kept_ > max_kept)
        fail(fmt::format("more than {} of names", text::human_size(max_kept)));
    return text;
}

void MetadataReader::Impl::take(std::string_view member, std::string_view key,
                                const xmlrpc::Value& value)
{
    if (member == "version" && !key.empty() && metadata_.version.size() < 64)
        metadata_.version[keep(std::string(key))] = keep(value.as_scalar().value_or(""));
    if (member != "objects")
        return;
    seen_objects_ = true;
    if (value.if_array() == nullptr) // an empty array comes as itself
        take_object(value);
}

void MetadataReader::Impl::take_object(const xmlrpc::Value& object)
{
    const std::string class_name = text_of(object, "class");
    const std::string id = text_of(object, "id");
    const xmlrpc::Value* record = object.find("snapshot");
    if (class_name.empty() || id.empty() || record == nullptr || record->if_struct() == nullptr)
        fail(fmt::format("object {} has no class, id and snapshot", metadata_.objects + 1));
    ++metadata_.objects;
    check_fields(class_name, id, *record);
    if (class_name == "VM") {
        vm_names_[keep(id)] = keep(text_of(*record, "name_label"));
        metadata_.vms.push_back(keep(text_of(*record, "name_label")));
        suspend_of_[keep(text_of(*record, "suspend_VDI"))] = keep(id);
    } else if (class_name == "SR") {
        sr_content_[keep(id)] = keep(text_of(*record, "content_type"));
    } else if (class_name == "VDI") {
        take_vdi(id, *record);
    } else if (class_name == "VBD") {
        vbds_.push_back({.vm = keep(text_of(*record, "VM")),
                         .vdi = keep(text_of(*record, "VDI")),
                         .userdevice = keep(text_of(*record, "userdevice")),
                         .cd = text_of(*record, "type") == "CD",
                         .bootable = flag_of(*record, "bootable")});
    }
}

void MetadataReader::Impl::take_vdi(const std::string& id, const xmlrpc::Value& record)
{
    const xmlrpc::Value* size = record.find("virtual_size");
    const auto bytes = size == nullptr ? std::nullopt : size->as_int();
    if (!bytes || *bytes < 0)
        fail(fmt::format("VDI {} has no virtual_size", text::quoted(id)));
    if (vdis_.size() >= max_disks)
        fail(fmt::format("more than {} disks", max_disks));
    Vdi vdi;
    vdi.disk.ref = keep(id);
    vdi.disk.uuid = keep(text_of(record, "uuid"));
    vdi.disk.name = keep(text_of(record, "name_label"));
    vdi.disk.type = keep(text_of(record, "type"));
    vdi.disk.virtual_size = static_cast<std::uint64_t>(*bytes);
    vdi.sr = keep(text_of(record, "SR"));
    if (!vdis_.emplace(keep(id), std::move(vdi)).second)
        fail(fmt::format("VDI {} is described twice", text::quoted(id)));
}

void MetadataReader::Impl::check_fields(const std::string& class_name, const std::string& id,
                                        const xmlrpc::Value& record)
{
    for (const RequiredField& field : required_fields(class_name)) {
        const xmlrpc::Value* value = record.find(field.name);
        if (value != nullptr && has_type(*value, field.type))
            continue;
        if (metadata_.missing_fields.size() < max_missing)
            metadata_.missing_fields.push_back({.class_name = class_name,
                                                .id = keep(id),
                                                .field = std::string(field.name),
                                                .wrong_type = value != nullptr});
    }
}

/// Which VDIs have data (xen-api export.ml): those of VBDs that are not CD drives, unless their SR
/// holds ISO images, and suspend images.
Metadata MetadataReader::Impl::finish()
{
    slicer.finish();
    if (!seen_objects_)
        fail("no list of objects");
    std::map<std::string, const Vbd*> attached; // VDI id -> first VBD
    for (const Vbd& vbd : vbds_)
        if (!vbd.cd)
            attached.emplace(vbd.vdi, &vbd);
    for (auto& entry : vdis_) {
        Disk& disk = entry.second.disk;
        const auto sr = sr_content_.find(entry.second.sr);
        const bool iso = sr != sr_content_.end() && sr->second == "iso";
        const auto vbd = attached.find(disk.ref);
        const auto suspended = suspend_of_.find(disk.ref);
        const bool suspend = disk.type == "suspend" || suspended != suspend_of_.end();
        if ((vbd == attached.end() || iso) && !suspend)
            continue;
        std::string vm = suspended != suspend_of_.end() ? suspended->second : std::string();
        if (vbd != attached.end()) {
            vm = vbd->second->vm;
            disk.userdevice = vbd->second->userdevice;
            disk.bootable = vbd->second->bootable;
        }
        const auto name = vm_names_.find(vm);
        disk.vm = name == vm_names_.end() ? std::string() : name->second;
        metadata_.disks.push_back(std::move(disk));
    }
    return std::move(metadata_);
}

MetadataReader::MetadataReader() : impl_(std::make_unique<Impl>()) {}
MetadataReader::~MetadataReader() = default;

void MetadataReader::feed(std::string_view text)
{
    impl_->slicer.feed(text);
}

Metadata MetadataReader::finish()
{
    return impl_->finish();
}

int Metadata::export_version() const
{
    const auto found = version.find("export_vsn");
    const auto value = found == version.end() ? std::nullopt : text::parse_u64(found->second);
    return value ? static_cast<int>(std::min<std::uint64_t>(*value, 1000)) : 0;
}

std::uint64_t Metadata::total_virtual_size() const
{
    std::uint64_t total = 0;
    for (const Disk& disk : disks)
        total = bytes::checked_add(total, disk.virtual_size)
                    .value_or(std::numeric_limits<std::uint64_t>::max());
    return total;
}

} // namespace xenlab::xva
