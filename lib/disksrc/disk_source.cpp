// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/block/raw_image.hpp>
#include <xenlab/disksrc/disk_source.hpp>
#include <xenlab/io/decompress.hpp>
#include <xenlab/io/file_source.hpp>
#include <xenlab/io/prefetch.hpp>
#include <xenlab/transport/http_source.hpp>
#include <xenlab/xva/disks.hpp>
#include <xenlab/xva/walker.hpp>

#include <fmt/format.h>

#include <array>

#include <sys/stat.h>

namespace xenlab::disksrc {
namespace {

bool is_url(const std::string& name)
{
    return name.starts_with("http://") || name.starts_with("https://");
}

/// Words of the DISKSRC grammar that this version does not serve.
void refuse_unsupported(const std::string& name)
{
    static constexpr std::array<std::string_view, 6> schemes{
        "vm:", "vdi:", "snap:", "nbd://", "nbds://", "nbd+unix://"};
    for (const std::string_view scheme : schemes)
        if (name.starts_with(scheme))
            throw Error(Errc::usage, fmt::format("this version cannot read {} sources", scheme),
                        fmt::format("write ./{} if you mean a file of that name", name));
}

std::unique_ptr<io::ByteSource> open_raw_bytes(const std::string& name, const OpenOptions& options)
{
    refuse_unsupported(name);
    if (!is_url(name))
        return io::open_source(name, options.stop);
    transport::HttpOptions http;
    if (options.timeout.count() > 0) {
        http.silence_timeout = options.timeout;
        http.connect_timeout = std::min(http.connect_timeout, options.timeout);
    }
    return transport::open_http(name, http, options.stop);
}

struct Opened {
    std::unique_ptr<io::PeekSource> bytes; ///< not decompressed
    io::Compression compression = io::Compression::none;
};

Opened open_peek(const std::string& name, const OpenOptions& options)
{
    Opened opened;
    opened.bytes = std::make_unique<io::PeekSource>(open_raw_bytes(name, options));
    opened.compression = io::detect_compression(opened.bytes->peek(4));
    return opened;
}

xva::MemberKind first_member(std::span<const std::byte> head)
{
    if (head.size() < tar::block_size)
        return xva::MemberKind::foreign;
    const auto header = tar::parse_header(head.first(tar::block_size));
    return header ? xva::parse_member(header->name, header->type).kind : xva::MemberKind::foreign;
}

bool is_xva(std::span<const std::byte> head)
{
    return first_member(head) != xva::MemberKind::foreign;
}

std::vector<DiskInfo> disks_of(const xva::Metadata& metadata)
{
    std::vector<DiskInfo> all;
    for (const xva::Disk& disk : metadata.disks)
        all.push_back({.ref = disk.ref,
                       .name = disk.name,
                       .size = disk.size_known ? std::optional(disk.virtual_size) : std::nullopt});
    return all;
}

class StreamSource final : public DiskSource {
  public:
    StreamSource(std::unique_ptr<block::ForwardDisks> stream, std::vector<DiskInfo> disks)
        : stream_(std::move(stream))
    {
        disks_ = std::move(disks);
    }
    block::BlockDevice* device(std::size_t /*disk*/) override { return nullptr; }
    block::ForwardDisks* stream() override { return stream_.get(); }

  private:
    std::unique_ptr<block::ForwardDisks> stream_;
};

class ImageSource final : public DiskSource {
  public:
    explicit ImageSource(std::unique_ptr<block::BlockDevice> image) : image_(std::move(image))
    {
        disks_ = {{.size = image_->size()}};
    }
    block::BlockDevice* device(std::size_t /*disk*/) override { return image_.get(); }
    block::ForwardDisks* stream() override { return nullptr; }

  private:
    std::unique_ptr<block::BlockDevice> image_;
};

class ArchiveSource final : public DiskSource {
  public:
    explicit ArchiveSource(std::unique_ptr<xva::DiskIndex> index) : index_(std::move(index))
    {
        disks_ = disks_of(index_->metadata());
        devices_.resize(disks_.size());
    }
    block::BlockDevice* device(std::size_t disk) override
    {
        auto& device = devices_.at(disk);
        if (!device)
            device = index_->open(disk);
        return device.get();
    }
    block::ForwardDisks* stream() override { return nullptr; }

  private:
    std::unique_ptr<xva::DiskIndex> index_;
    std::vector<std::unique_ptr<block::BlockDevice>> devices_;
};

std::unique_ptr<DiskSource> open_stream(std::unique_ptr<io::PeekSource> bytes,
                                        const OpenOptions& options)
{
    if (is_xva(bytes->peek(tar::block_size))) {
        auto stream = std::make_unique<xva::DiskStream>(std::move(bytes), options.damaged);
        auto disks = disks_of(stream->metadata());
        return std::make_unique<StreamSource>(std::move(stream), std::move(disks));
    }
    const auto total = bytes->total();
    return std::make_unique<StreamSource>(std::make_unique<block::RawStream>(std::move(bytes)),
                                          std::vector<DiskInfo>{{.size = total}});
}

void refuse_foreign(io::PeekSource& bytes)
{
    const auto head = bytes.peek(4096);
    const std::string foreign = is_xva(head) ? std::string() : xva::foreign_format(head);
    if (!foreign.empty())
        throw Error(Errc::bad_data, fmt::format("neither an XVA nor a disk image: {}", foreign));
}

std::unique_ptr<DiskSource> open_here(const std::string& name, const OpenOptions& options)
{
    Opened opened = open_peek(name, options);
    if (opened.compression != io::Compression::none) {
        auto plain = std::make_unique<io::PeekSource>(io::decompress(
            std::move(opened.bytes), opened.compression, {.window = options.window_limit}));
        refuse_foreign(*plain);
        return open_stream(std::move(plain), options);
    }
    refuse_foreign(*opened.bytes);
    struct stat info {};
    const bool local = name != "-" && !is_url(name) && ::stat(name.c_str(), &info) == 0;
    const auto head = opened.bytes->peek(tar::block_size);
    if (local && !is_xva(head) && (S_ISREG(info.st_mode) || S_ISBLK(info.st_mode)))
        return std::make_unique<ImageSource>(std::make_unique<block::RawImage>(name));
    // Only ova.xml tells the sizes of the disks; a tar of one VDI must be read to its end for that.
    const bool indexable = first_member(head) == xva::MemberKind::metadata;
    if (!local || !indexable || !S_ISREG(info.st_mode))
        return open_stream(std::move(opened.bytes), options);
    auto file = std::make_unique<io::FdSource>(io::open_file(name, 0), name, options.stop);
    return std::make_unique<ArchiveSource>(
        std::make_unique<xva::DiskIndex>(std::move(file), options.damaged));
}

/// Adds the name to what goes wrong, keeping the kind of damage.
template <typename Function>
auto named(const std::string& name, Function function) -> decltype(function())
{
    const std::string shown = name == "-"    ? std::string("standard input")
                              : is_url(name) ? std::string()
                                             : text::printable(name);
    try {
        return function();
    } catch (const io::StreamError& error) {
        throw io::StreamError(error.damage(), shown.empty()
                                                  ? error.what()
                                                  : fmt::format("{}: {}", shown, error.what()));
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted || shown.empty() ||
            std::string_view(error.what()).starts_with(shown))
            throw;
        throw error.within(shown);
    }
}

} // namespace

std::unique_ptr<DiskSource> open_disks(const std::string& name, const OpenOptions& options)
{
    return named(name, [&] { return open_here(name, options); });
}

std::unique_ptr<io::ByteSource> open_bytes(const std::string& name, const OpenOptions& options,
                                           bool threaded)
{
    return named(name, [&]() -> std::unique_ptr<io::ByteSource> {
        Opened opened = open_peek(name, options);
        if (opened.compression == io::Compression::none)
            return std::move(opened.bytes);
        auto plain = io::decompress(std::move(opened.bytes), opened.compression,
                                    {.window = options.window_limit});
        return threaded ? io::prefetch(std::move(plain)) : std::move(plain);
    });
}

} // namespace xenlab::disksrc
