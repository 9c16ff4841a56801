// SPDX-License-Identifier: GPL-3.0-or-later
#include "block_stream.hpp"
#include "pool_nbd.hpp"
#include "streams.hpp"
#include "verdict.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/block/disk_sink.hpp>
#include <xenlab/block/vhd_format.hpp>
#include <xenlab/io/fd.hpp>
#include <xenlab/transfer/pool_disk.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include <fcntl.h>

namespace xenlab::transfer {
namespace {

constexpr std::chrono::seconds time_to_connect{60};

/// An export that is read as far as somebody wants it. Closed before its task is buried.
struct Download {
    Download(lab::Pool& pool, const xapi::Object<xapi::Vdi>& vdi, const std::string& format,
             std::chrono::milliseconds patience)
        : task(pool, "disk export", vdi.record.name_label),
          watchdog(pool.session(), task.ref(), patience)
    {
        xapi::TransferRequest request;
        request.path = "/export_raw_vdi";
        request.query = {{"vdi", vdi.ref.str()}, {"format", format}};
        request.task = task.ref();
        request.stop = watchdog.stop();
        auto open = xapi::start_transfer(pool.session(), std::move(request),
                                         transport::deadline_in(time_to_connect));
        task.begun();
        source = std::make_unique<DownloadSource>(std::move(open.stream), watchdog, nullptr);
    }
    Task task;
    Watchdog watchdog;
    std::unique_ptr<io::ByteSource> source; ///< until a BlockStream has it
    std::unique_ptr<BlockStream> blocks;
};

/// What the stream has brought, at its place; what has not come yet is fetched when it is read.
class FetchedDevice final : public block::BlockDevice {
  public:
    FetchedDevice(BlockStream& blocks, const std::string& directory)
        : blocks_(blocks), file_(io::open_file(directory, O_TMPFILE | O_RDWR, 0600))
    {
        blocks.keep([this](std::uint64_t offset, std::span<const std::byte> data) {
            if (!block::is_zero(data))
                io::pwrite_all(file_.get(), offset, data, "temporary file");
        });
    }
    [[nodiscard]] std::uint64_t size() const noexcept override { return blocks_.size(); }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override;
    std::vector<block::Extent> extents(std::uint64_t offset, std::uint64_t length) override;

  private:
    BlockStream& blocks_;
    io::Fd file_;
};

/// A device whose connection can be closed before it.
class Closable final : public block::BlockDevice {
  public:
    explicit Closable(std::unique_ptr<block::BlockDevice> open)
        : open_(std::move(open)), size_(open_->size())
    {
    }
    [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override
    {
        opened().read(offset, buffer);
    }
    std::vector<block::Extent> extents(std::uint64_t offset, std::uint64_t length) override
    {
        return opened().extents(offset, length);
    }
    void close() { open_.reset(); }

  private:
    block::BlockDevice& opened()
    {
        if (!open_)
            throw Error(Errc::failed, "the disk is being written, and cannot be read");
        return *open_;
    }
    std::unique_ptr<block::BlockDevice> open_;
    std::uint64_t size_;
};

/// Calls act(block, offset in it, part of the buffer) for each block that the range touches.
template <typename Act>
void each_block(const BlockStream& blocks, std::uint64_t offset, std::span<std::byte> buffer,
                const Act& act)
{
    while (!buffer.empty()) {
        const std::uint64_t inside = offset % blocks.block_size();
        const auto part = buffer.first(static_cast<std::size_t>(
            std::min<std::uint64_t>(buffer.size(), blocks.block_size() - inside)));
        if (!act(offset / blocks.block_size(), inside, part))
            return;
        offset += part.size();
        buffer = buffer.subspan(part.size());
    }
}

void FetchedDevice::read(std::uint64_t offset, std::span<std::byte> buffer)
{
    block::check_range(size(), offset, buffer.size());
    each_block(blocks_, offset, buffer,
               [&](std::uint64_t block, std::uint64_t inside, std::span<std::byte> part) {
                   std::fill(part.begin(), part.end(), std::byte{0});
                   if (!blocks_.allocated(block))
                       return true;
                   if (blocks_.cost(block, 0)) {
                       const auto data = blocks_.reach(block, inside + part.size());
                       std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(inside), part.size(),
                                   part.begin());
                   } else {
                       io::pread_full(file_.get(), block * blocks_.block_size() + inside, part,
                                      "temporary file");
                   }
                   return true;
               });
}

std::vector<block::Extent> FetchedDevice::extents(std::uint64_t offset, std::uint64_t length)
{
    block::check_range(size(), offset, length);
    std::vector<block::Extent> all;
    const std::uint64_t end = offset + length;
    while (offset < end) {
        const std::uint64_t block = offset / blocks_.block_size();
        const std::uint64_t next = std::min(end, (block + 1) * blocks_.block_size());
        const bool hole = !blocks_.allocated(block);
        if (!all.empty() && all.back().hole == hole)
            all.back().length += next - offset;
        else
            all.push_back({offset, next - offset, hole});
        offset = next;
    }
    return all;
}

} // namespace

class PoolDisk::Impl {
  public:
    Impl(lab::Pool& p, xapi::Object<xapi::Vdi> v, PoolDiskOptions o)
        : pool(p), vdi(std::move(v)), options(std::move(o)),
          nbd(open_pool_nbd(pool, vdi, [this](const std::string& words) { say(words); }))
    {
        if (nbd && nbd->size() != static_cast<std::uint64_t>(vdi.record.virtual_size)) {
            say("NBD is not used: its export has another size");
            nbd.reset();
        }
        over_nbd = nbd != nullptr;
        if (nbd)
            say("read over NBD");
    }
    ~Impl()
    {
        if (download)
            say(fmt::format("{} fetched", text::human_size(download->blocks->taken())));
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void say(const std::string& words) const
    {
        if (options.detail)
            options.detail(fmt::format("{}: {}", text::printable(vdi.record.name_label), words));
    }
    BlockStream& stream();
    std::unique_ptr<Download> open(const std::string& format);

    lab::Pool& pool;
    xapi::Object<xapi::Vdi> vdi;
    PoolDiskOptions options;
    std::unique_ptr<block::BlockDevice> nbd; ///< until `device` has it
    bool over_nbd = false;
    std::unique_ptr<Download> download;
    std::unique_ptr<Closable> device; ///< made of `nbd` or `download`
};

/// The stream of that format, read up to the first block.
std::unique_ptr<Download> PoolDisk::Impl::open(const std::string& format)
{
    const auto size = static_cast<std::uint64_t>(vdi.record.virtual_size);
    auto begun = std::make_unique<Download>(pool, vdi, format, options.patience);
    try {
        begun->blocks = format == "vhd" ? BlockStream::vhd(std::move(begun->source), size)
                                        : BlockStream::raw(std::move(begun->source), size);
    } catch (const Error& error) {
        if (error.code() == Errc::bad_data) // an error page in place of an image, or a cut
            if (const auto fault = begun->task.failure(std::chrono::seconds(2)))
                throw *fault;
        throw;
    }
    return begun;
}

BlockStream& PoolDisk::Impl::stream()
{
    if (download)
        return *download->blocks;
    const auto image = vdi.record.sm_config.find("image-format");
    const bool other = image != vdi.record.sm_config.end() && image->second != "vhd";
    if (!other &&
        static_cast<std::uint64_t>(vdi.record.virtual_size) <= block::vhd::max_disk_size) {
        try {
            download = open("vhd");
            say("read from a VHD export");
            return *download->blocks;
        } catch (const Error& error) {
            if (error.code() == Errc::interrupted || error.code() == Errc::timeout ||
                error.code() == Errc::unreachable)
                throw;
            say(fmt::format("no VHD export: {}", error.what()));
        }
    }
    download = open("raw");
    say("read from a raw export, holes and all");
    return *download->blocks;
}

PoolDisk::PoolDisk(lab::Pool& pool, xapi::Object<xapi::Vdi> vdi, PoolDiskOptions options)
    : impl_(std::make_unique<Impl>(pool, std::move(vdi), std::move(options)))
{
}

PoolDisk::~PoolDisk() = default;

const xapi::Vdi& PoolDisk::record() const noexcept
{
    return impl_->vdi.record;
}

std::uint64_t PoolDisk::size() const noexcept
{
    return static_cast<std::uint64_t>(impl_->vdi.record.virtual_size);
}

bool PoolDisk::has_nbd() const noexcept
{
    return impl_->over_nbd;
}

std::uint64_t PoolDisk::taken() const noexcept
{
    return impl_->download ? impl_->download->blocks->taken() : 0;
}

block::BlockDevice& PoolDisk::device()
{
    if (!impl_->device && impl_->nbd)
        impl_->device = std::make_unique<Closable>(std::move(impl_->nbd));
    if (!impl_->device) {
        const char* tmp = std::getenv("TMPDIR"); // NOLINT: nobody sets it meanwhile
        const std::string directory = !impl_->options.directory.empty() ? impl_->options.directory
                                      : tmp != nullptr && *tmp != '\0'  ? tmp
                                                                        : "/tmp";
        impl_->device =
            std::make_unique<Closable>(std::make_unique<FetchedDevice>(impl_->stream(), directory));
    }
    return *impl_->device;
}

void PoolDisk::close()
{
    if (impl_->device)
        impl_->device->close();
    impl_->nbd.reset();
    impl_->download.reset(); // and waits until the server has let go
}

std::optional<std::size_t> PoolDisk::read_forward(std::uint64_t offset, std::span<std::byte> buffer,
                                                  std::uint64_t limit)
{
    BlockStream& blocks = impl_->stream();
    const auto wanted = buffer.first(static_cast<std::size_t>(
        std::min<std::uint64_t>(buffer.size(), size() - std::min(offset, size()))));
    bool refused = false;
    each_block(blocks, offset, wanted,
               [&](std::uint64_t block, std::uint64_t inside, std::span<std::byte> part) {
                   if (!blocks.allocated(block)) {
                       std::fill(part.begin(), part.end(), std::byte{0});
                       return true;
                   }
                   const auto cost = blocks.cost(block, inside + part.size());
                   refused = !cost || *cost > limit;
                   if (refused)
                       return false;
                   const auto data = blocks.reach(block, inside + part.size());
                   std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(inside), part.size(),
                               part.begin());
                   return true;
               });
    return refused ? std::nullopt : std::optional(wanted.size());
}

} // namespace xenlab::transfer
