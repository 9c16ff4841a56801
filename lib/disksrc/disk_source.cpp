// SPDX-License-Identifier: GPL-3.0-or-later
#include "bytes_of.hpp"
#include "index_cache.hpp"
#include "pool_source.hpp"
#include "qemu_nbd.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/block/raw_image.hpp>
#include <xenlab/block/vhd_image.hpp>
#include <xenlab/io/file_source.hpp>
#include <xenlab/nbd/client.hpp>
#include <xenlab/nbd/uri.hpp>
#include <xenlab/xva/disks.hpp>
#include <xenlab/xva/walker.hpp>

#include <array>

#include <sys/stat.h>

namespace xenlab::disksrc {
namespace {

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

class StreamSource final : public DiskSource {
  public:
    StreamSource(SourceFormat format, std::unique_ptr<block::ForwardDisks> stream,
                 std::vector<DiskInfo> disks)
        : stream_(std::move(stream))
    {
        disks_ = std::move(disks);
        format_ = format;
    }
    block::BlockDevice* device(std::size_t /*disk*/) override { return nullptr; }
    block::ForwardDisks* stream() override { return stream_.get(); }

  private:
    std::unique_ptr<block::ForwardDisks> stream_;
};

class ImageSource final : public DiskSource {
  public:
    ImageSource(SourceFormat format, std::unique_ptr<block::BlockDevice> image)
        : image_(std::move(image))
    {
        disks_ = {{.size = image_->size()}};
        format_ = format;
    }
    block::BlockDevice* device(std::size_t /*disk*/) override { return image_.get(); }
    block::ForwardDisks* stream() override { return nullptr; }

  private:
    std::unique_ptr<block::BlockDevice> image_;
};

class ArchiveSource final : public DiskSource {
  public:
    ArchiveSource(std::unique_ptr<xva::DiskIndex> index, IndexCache cache)
        : index_(std::move(index)), cache_(std::move(cache))
    {
        cache_.take_up(*index_);
        disks_ = disks_of(index_->metadata());
        format_ = SourceFormat::xva;
        devices_.resize(disks_.size());
    }
    ~ArchiveSource() override { cache_.keep(*index_); }
    ArchiveSource(const ArchiveSource&) = delete;
    ArchiveSource& operator=(const ArchiveSource&) = delete;
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
    IndexCache cache_;
    std::vector<std::unique_ptr<block::BlockDevice>> devices_;
};

std::unique_ptr<DiskSource> open_stream(std::unique_ptr<io::PeekSource> bytes,
                                        const OpenOptions& options)
{
    if (is_xva(bytes->peek(tar::block_size))) {
        auto stream = std::make_unique<xva::DiskStream>(std::move(bytes), options.damaged);
        auto disks = disks_of(stream->metadata());
        return std::make_unique<StreamSource>(SourceFormat::xva, std::move(stream),
                                              std::move(disks));
    }
    const auto total = bytes->total();
    return std::make_unique<StreamSource>(SourceFormat::raw,
                                          std::make_unique<block::RawStream>(std::move(bytes)),
                                          std::vector<DiskInfo>{{.size = total}});
}

bool starts_with(std::span<const std::byte> head, std::string_view magic)
{
    return head.size() >= magic.size() &&
           std::equal(magic.begin(), magic.end(), head.begin(),
                      [](char a, std::byte b) { return std::byte(a) == b; });
}

/// Images that are no stream of their disk's bytes: they must be files.
bool is_image_format(std::span<const std::byte> head)
{
    return starts_with(head, "conectix") || starts_with(head, "QFI\xfb");
}

void refuse_foreign(io::PeekSource& bytes)
{
    const auto head = bytes.peek(4096);
    const std::string foreign = is_xva(head) ? std::string() : xva::foreign_format(head);
    if (!foreign.empty())
        throw Error(Errc::bad_data, fmt::format("neither an XVA nor a disk image: {}", foreign),
                    is_image_format(head) ? "such an image must be a file, and uncompressed" : "");
}

nbd::ClientOptions client_options(const OpenOptions& options)
{
    nbd::ClientOptions client;
    if (options.timeout.count() > 0) {
        client.silence_timeout = options.timeout;
        client.connect_timeout = std::min(client.connect_timeout, options.timeout);
    }
    return client;
}

/// A file or block device that is not compressed and no XVA.
std::unique_ptr<DiskSource> open_image(const std::string& name, std::span<const std::byte> head,
                                       const OpenOptions& options)
{
    if (starts_with(head, "QFI\xfb"))
        return std::make_unique<ImageSource>(
            SourceFormat::qcow2, open_qcow2(name, client_options(options), options.stop));
    auto image = std::make_unique<block::RawImage>(name);
    std::array<std::byte, block::vhd::footer_size> tail{};
    const std::uint64_t length = std::min<std::uint64_t>(tail.size(), image->size());
    image->read(image->size() - length, std::span(tail).first(length));
    if (block::vhd::is_vhd(head, std::span(tail).first(length)))
        return std::make_unique<ImageSource>(
            SourceFormat::vhd,
            std::make_unique<block::VhdImage>(name, block::VhdOptions{.warn = options.warn}));
    return std::make_unique<ImageSource>(SourceFormat::raw, std::move(image));
}

std::unique_ptr<DiskSource> open_here(const std::string& name, const OpenOptions& options)
{
    if (is_pool_source(name))
        return open_pool_source(name, options);
    if (nbd::is_uri(name))
        return std::make_unique<ImageSource>(
            SourceFormat::nbd, nbd::connect(name, client_options(options), options.stop));
    Opened opened = open_peek(name, options);
    if (opened.compression != io::Compression::none) {
        auto plain = std::make_unique<io::PeekSource>(io::decompress(
            std::move(opened.bytes), opened.compression, {.window = options.window_limit}));
        refuse_foreign(*plain);
        return open_stream(std::move(plain), options);
    }
    struct stat info {};
    const bool local = name != "-" && !is_url(name) && ::stat(name.c_str(), &info) == 0;
    const bool file = local && (S_ISREG(info.st_mode) || S_ISBLK(info.st_mode));
    if (!(file && (options.any_content || is_image_format(opened.bytes->peek(tar::block_size)))))
        refuse_foreign(*opened.bytes);
    const auto head = opened.bytes->peek(tar::block_size);
    if (file && !is_xva(head))
        return open_image(name, head, options);
    // Only ova.xml tells the sizes of the disks; a tar of one VDI must be read to its end for that.
    const bool indexable = first_member(head) == xva::MemberKind::metadata;
    if (!local || !indexable || !S_ISREG(info.st_mode))
        return open_stream(std::move(opened.bytes), options);
    auto archive = std::make_unique<io::FdSource>(io::open_file(name, 0), name, options.stop);
    IndexCache cache(name, archive->fd());
    return std::make_unique<ArchiveSource>(
        std::make_unique<xva::DiskIndex>(std::move(archive), options.damaged), std::move(cache));
}

} // namespace

std::unique_ptr<DiskSource> open_disks(const std::string& name, const OpenOptions& options)
{
    return named(name, [&] { return open_here(name, options); });
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

bool comes_once(const std::string& name)
{
    struct stat info {};
    if (name == "-" || (is_url(name) && !nbd::is_uri(name)))
        return true;
    return ::stat(name.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode) &&
           !S_ISDIR(info.st_mode);
}

std::vector<std::size_t> choose_disks(const std::vector<DiskInfo>& disks, const std::string& wanted)
{
    const auto number = text::parse_u64(wanted);
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < disks.size(); ++i)
        if (wanted.empty() || wanted == "all" || number == i || wanted == disks[i].ref)
            chosen.push_back(i);
    if (chosen.empty() && !wanted.empty() && wanted != "all")
        throw Error(Errc::not_found, fmt::format("there is no disk {}", text::quoted(wanted)),
                    fmt::format("the source holds {} disk{}, numbered from 0", disks.size(),
                                disks.size() == 1 ? "" : "s"));
    return chosen;
}

std::size_t choose_disk(const std::vector<DiskInfo>& disks, const std::string& wanted)
{
    const auto chosen = choose_disks(disks, wanted);
    if (chosen.empty())
        throw Error(Errc::not_found, "the archive describes no disks");
    if (chosen.size() > 1)
        throw Error(Errc::ambiguous, fmt::format("the source holds {} disks", chosen.size()),
                    "choose one with --disk N");
    return chosen.front();
}

} // namespace xenlab::disksrc
