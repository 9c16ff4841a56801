// SPDX-License-Identifier: GPL-3.0-or-later
#include "streams.hpp"
#include "verdict.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/block/vhd_format.hpp>
#include <xenlab/io/prefetch.hpp>
#include <xenlab/transfer/vdi.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace xenlab::transfer {
namespace {

constexpr std::size_t piece = 256U << 10U;

/// Looks at an image as it goes by: is it one, and is it whole?
class ImageCheck {
  public:
    ImageCheck(bool vhd, std::uint64_t disk_size) : vhd_(vhd), disk_size_(disk_size) {}

    void take(std::span<const std::byte> data)
    {
        if (const std::size_t missing = front_.size() - have_; missing > 0) {
            const auto part = data.first(std::min(missing, data.size()));
            std::copy(part.begin(), part.end(),
                      front_.begin() + static_cast<std::ptrdiff_t>(have_));
            have_ += part.size();
        }
        bytes_ += data.size();
        if (data.size() >= back_.size()) {
            std::copy_n(data.end() - static_cast<std::ptrdiff_t>(back_.size()), back_.size(),
                        back_.begin());
        } else {
            std::rotate(back_.begin(), back_.begin() + static_cast<std::ptrdiff_t>(data.size()),
                        back_.end());
            std::copy(data.begin(), data.end(),
                      back_.end() - static_cast<std::ptrdiff_t>(data.size()));
        }
    }
    /// What is wrong with what went by; empty if nothing.
    [[nodiscard]] std::string problem() const
    {
        if (!vhd_)
            return bytes_ == disk_size_ ? std::string()
                                        : fmt::format("{} of {} bytes came", bytes_, disk_size_);
        try {
            const auto footer = block::vhd::decode_footer(front_);
            if (footer.current_size != disk_size_)
                return fmt::format("a VHD of {} bytes for a disk of {}", footer.current_size,
                                   disk_size_);
        } catch (const Error& error) {
            return error.what();
        }
        return bytes_ >= 2 * back_.size() && front_ == back_
                   ? std::string()
                   : fmt::format("the VHD ends in the middle, after {}", text::human_size(bytes_));
    }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

  private:
    bool vhd_;
    std::uint64_t disk_size_;
    std::array<std::byte, block::vhd::footer_size> front_{}, back_{};
    std::size_t have_ = 0;
    std::uint64_t bytes_ = 0;
};

} // namespace

std::uint64_t export_vdi(lab::Pool& pool, const xapi::Object<xapi::Vdi>& vdi, io::ByteSink& out,
                         const VdiExportOptions& options)
{
    Task task(pool, "disk export", vdi.record.name_label);
    Watchdog watchdog(pool.session(), task.ref(), options.patience);
    xapi::TransferRequest request;
    request.path = "/export_raw_vdi";
    request.query = {{"vdi", vdi.ref.str()}, {"format", options.format}};
    if (!options.base.empty())
        request.query.emplace_back("base", options.base);
    request.task = task.ref();
    request.stop = watchdog.stop();
    const auto size = static_cast<std::uint64_t>(vdi.record.virtual_size);
    ImageCheck check(options.format == "vhd", size);
    {
        std::unique_ptr<io::ByteSource> source;
        try {
            auto open = xapi::start_transfer(pool.session(), std::move(request),
                                             transport::deadline_in(std::chrono::seconds(60)));
            task.begun();
            source = io::prefetch(
                std::make_unique<DownloadSource>(std::move(open.stream), watchdog, nullptr), piece,
                32);
        } catch (const Error& error) {
            if (error.code() == Errc::failed || error.code() == Errc::not_found)
                if (const auto fault = task.failure(std::chrono::seconds(1)))
                    throw *fault;
            throw;
        }
        // How large a VHD will be is not known; what the disk takes on its SR is near it.
        const std::uint64_t total = options.format == "vhd"
                                        ? static_cast<std::uint64_t>(std::max<std::int64_t>(
                                              vdi.record.physical_utilisation, 0))
                                        : size;
        std::vector<std::byte> buffer(piece);
        while (const std::size_t n = source->read(buffer)) {
            const auto data = std::span(buffer).first(n);
            check.take(data);
            out.write(data);
            if (options.progress)
                options.progress(check.bytes(), std::max(total, check.bytes()));
        }
    }
    if (const std::string problem = check.problem(); !problem.empty()) {
        if (const auto fault = task.failure(std::chrono::seconds(10)))
            throw *fault;
        throw Error(Errc::bad_data, fmt::format("the server's image is not good: {}", problem),
                    "nothing was kept; the server reported no failure");
    }
    task.verdict(std::min<std::chrono::milliseconds>(options.patience, std::chrono::minutes(2)));
    return check.bytes();
}

} // namespace xenlab::transfer
