// SPDX-License-Identifier: GPL-3.0-or-later
#include "upload.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/block/disk_sink.hpp>
#include <xenlab/bytes/endian.hpp>
#include <xenlab/lab/mark.hpp>
#include <xenlab/transfer/vdi.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace xenlab::transfer {
namespace {

constexpr std::size_t record_size = 12; // u64 offset, u32 length, little-endian
constexpr std::size_t piece = 1U << 20U;
constexpr std::size_t sector = 512;

} // namespace

class ExtentUpload::Impl {
  public:
    Impl(lab::Pool& pool, const xapi::Object<xapi::Vdi>& vdi, std::chrono::milliseconds patient)
        : patience(patient), task(pool, "disk import", vdi.record.name_label),
          watchdog(pool.session(), task.ref(), patient)
    {
        xapi::TransferRequest request;
        request.path = "/import_raw_vdi";
        request.query = {{"vdi", vdi.ref.str()}, {"format", "raw"}, {"chunked", "true"}};
        upload.emplace(pool, std::move(request), task, watchdog);
    }

    void record(std::uint64_t offset, std::uint32_t length)
    {
        std::array<std::byte, record_size> head{};
        bytes::store_le(std::span<std::byte>(head), 0, offset);
        bytes::store_le(std::span<std::byte>(head), 8, length);
        upload->write(head);
    }

    std::chrono::milliseconds patience;
    Task task;
    Watchdog watchdog;
    std::optional<Upload> upload; ///< closed before the task is buried
};

ExtentUpload::ExtentUpload(lab::Pool& pool, const xapi::Object<xapi::Vdi>& vdi,
                           std::chrono::milliseconds patience)
    : impl_(std::make_unique<Impl>(pool, vdi, patience))
{
}

ExtentUpload::~ExtentUpload() = default;

void ExtentUpload::write(std::uint64_t offset, std::span<const std::byte> data)
{
    while (!data.empty() && !impl_->upload->ended()) {
        const auto part = data.first(std::min(piece, data.size()));
        impl_->record(offset, static_cast<std::uint32_t>(part.size()));
        impl_->upload->write(part);
        offset += part.size();
        data = data.subspan(part.size());
    }
    if (impl_->upload->ended()) // in the middle: it has failed, and its task says why
        finish();
}

void ExtentUpload::finish()
{
    const bool early = impl_->upload->ended();
    impl_->record(0, 0);
    impl_->upload->finish();
    await_verdict(impl_->task, early, impl_->patience);
}

NewVdi::NewVdi(lab::Pool& pool, const std::string& name, const xapi::Ref<xapi::Sr>& sr,
               std::uint64_t size)
    : pool_(pool)
{
    xmlrpc::Struct mark{{std::string(lab::mark_key), xmlrpc::Value(lab::own_mark().text())}};
    xmlrpc::Struct record{{"name_label", xmlrpc::Value(name)},
                          {"name_description", xmlrpc::Value("")},
                          {"SR", xapi::Session::value(sr)},
                          {"virtual_size", xmlrpc::Value(static_cast<std::int64_t>(size))},
                          {"type", xmlrpc::Value("user")},
                          {"sharable", xmlrpc::Value(false)},
                          {"read_only", xmlrpc::Value(false)},
                          {"other_config", xmlrpc::Value(std::move(mark))},
                          {"xenstore_data", xmlrpc::Value(xmlrpc::Struct())},
                          {"sm_config", xmlrpc::Value(xmlrpc::Struct())},
                          {"tags", xmlrpc::Value(xmlrpc::Array())}};
    const auto made = pool.tasks().run("VDI.create", {xmlrpc::Value(std::move(record))},
                                       transport::deadline_in(std::chrono::minutes(10)));
    vdi_.ref = xapi::Ref<xapi::Vdi>(made.value().as_scalar().value_or(""));
    vdi_.record = pool.session().get_record(vdi_.ref);
}

NewVdi::~NewVdi()
{
    if (!kept_)
        pool_.session().clean_up("VDI.destroy", {xapi::Session::value(vdi_.ref)});
}

void NewVdi::keep()
{
    pool_.session().call(
        "VDI.remove_from_other_config",
        {xapi::Session::value(vdi_.ref), xmlrpc::Value(std::string(lab::mark_key))});
    kept_ = true;
}

namespace {

using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// The last sector of an odd image ends with zeros.
std::span<std::byte> whole_sectors(std::vector<std::byte>& buffer, std::size_t used)
{
    const std::size_t whole = (used + sector - 1) / sector * sector;
    std::fill(buffer.begin() + static_cast<std::ptrdiff_t>(used),
              buffer.begin() + static_cast<std::ptrdiff_t>(whole), std::byte{0});
    return std::span(buffer).first(whole);
}

void fill_by_extents(ExtentUpload& upload, block::BlockDevice& from, const Progress& progress)
{
    const std::uint64_t size = from.size();
    std::vector<std::byte> buffer(piece);
    for (const block::Extent& extent : from.extents(0, size)) {
        for (std::uint64_t at = extent.offset;
             !extent.hole && at < extent.offset + extent.length;) {
            const std::uint64_t left = extent.offset + extent.length - at;
            const auto part = std::span(buffer).first(
                static_cast<std::size_t>(std::min<std::uint64_t>(piece, left)));
            from.read(at, part);
            const auto sectors = whole_sectors(buffer, part.size());
            if (!block::is_zero(part))
                upload.write(at, sectors);
            at += part.size();
            if (progress)
                progress(at, size);
        }
    }
    upload.finish();
}

void fill_whole(WholeUpload& upload, std::uint64_t vdi_size, block::BlockDevice& from,
                const Progress& progress)
{
    std::vector<std::byte> buffer(piece);
    for (std::uint64_t at = 0; at < vdi_size;) {
        const auto part = std::span(buffer).first(
            static_cast<std::size_t>(std::min<std::uint64_t>(piece, vdi_size - at)));
        const auto data = part.first(static_cast<std::size_t>(
            std::min<std::uint64_t>(part.size(), from.size() - std::min(at, from.size()))));
        if (!data.empty())
            from.read(at, data);
        std::fill(part.begin() + static_cast<std::ptrdiff_t>(data.size()), part.end(),
                  std::byte{0});
        upload.write(part);
        at += part.size();
        if (progress)
            progress(at, vdi_size);
    }
    upload.finish();
}

} // namespace

void fill_vdi(lab::Pool& pool, const xapi::Object<xapi::Vdi>& vdi, block::BlockDevice& from,
              std::chrono::milliseconds patience, const Progress& progress,
              const std::function<void(const std::string&)>& warn)
{
    const auto vdi_size = static_cast<std::uint64_t>(vdi.record.virtual_size);
    if (vdi_size < from.size())
        throw Error(Errc::precondition,
                    fmt::format("the disk has {} bytes, but the image {}", vdi_size, from.size()));
    std::optional<ExtentUpload> upload;
    try {
        upload.emplace(pool, vdi, patience);
    } catch (const xapi::Fault& fault) {
        if (!refuses_extents(fault))
            throw;
    }
    if (upload)
        return fill_by_extents(*upload, from, progress);
    if (warn)
        warn(fmt::format("the server takes whole disks only: all {} are sent, holes and all",
                         text::human_size(vdi_size)));
    WholeUpload whole(pool, vdi, patience);
    fill_whole(whole, vdi_size, from, progress);
}

} // namespace xenlab::transfer
