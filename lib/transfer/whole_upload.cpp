// SPDX-License-Identifier: GPL-3.0-or-later
#include "upload.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/transfer/vdi.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::transfer {

bool refuses_extents(const xapi::Fault& fault)
{
    if (!fault.is("INTERNAL_ERROR"))
        return false;
    return std::any_of(fault.params().begin(), fault.params().end(), [](const std::string& words) {
        return text::to_lower(words).find("chunked") != std::string::npos;
    });
}

class WholeUpload::Impl {
  public:
    Impl(lab::Pool& pool, const xapi::Object<xapi::Vdi>& vdi, std::chrono::milliseconds patient)
        : patience(patient), size(static_cast<std::uint64_t>(vdi.record.virtual_size)),
          task(pool, "disk import", vdi.record.name_label),
          watchdog(pool.session(), task.ref(), patient)
    {
        xapi::TransferRequest request;
        request.path = "/import_raw_vdi";
        request.query = {{"vdi", vdi.ref.str()}, {"format", "raw"}};
        request.content_length = size;
        upload.emplace(pool, std::move(request), task, watchdog);
    }

    std::chrono::milliseconds patience;
    std::uint64_t size, given = 0;
    Task task;
    Watchdog watchdog;
    std::optional<Upload> upload; ///< closed before the task is buried
};

WholeUpload::WholeUpload(lab::Pool& pool, const xapi::Object<xapi::Vdi>& vdi,
                         std::chrono::milliseconds patience)
    : impl_(std::make_unique<Impl>(pool, vdi, patience))
{
}

WholeUpload::~WholeUpload() = default;

void WholeUpload::write(std::span<const std::byte> data)
{
    if (data.size() > impl_->size - impl_->given)
        throw Error(Errc::failed, "more bytes than the disk has");
    impl_->given += data.size();
    impl_->upload->write(data);
    if (impl_->upload->ended() && impl_->given < impl_->size) // it has failed; its task says why
        finish();
}

void WholeUpload::finish()
{
    const bool early = impl_->given < impl_->size;
    impl_->upload->finish();
    await_verdict(impl_->task, early, impl_->patience);
}

} // namespace xenlab::transfer
