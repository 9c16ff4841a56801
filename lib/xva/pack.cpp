// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/tar/header_block.hpp>
#include <xenlab/xva/pack.hpp>
#include <xenlab/xva/walker.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace xenlab::xva {
namespace {

constexpr std::uint64_t window_size = std::uint64_t{1} << 30U; ///< of extents, asked at a time

class Packer {
  public:
    Packer(io::HashKind checksum, io::ByteSink& out, const block::CopyOptions& options)
        : checksum_(checksum), out_(out), options_(options), buffer_(chunk_size)
    {
    }

    void entry(const std::string& name, std::span<const std::byte> content)
    {
        static constexpr std::array<std::byte, tar::block_size> zeros{};
        out_.write(tar::v7_header(name, content.size()));
        out_.write(content);
        out_.write(std::span(zeros).first(static_cast<std::size_t>(tar::padding(content.size()))));
    }

    void disk(const PackDisk& disk)
    {
        const std::uint64_t size = disk.device->size();
        if (size == 0)
            throw Error(Errc::precondition, fmt::format("disk {} has no bytes", disk.ref));
        const std::uint64_t last = (size - 1) / chunk_size;
        std::uint64_t next = 0; // chunk that was not decided on yet
        chunk(disk, next++);
        for (std::uint64_t at = 0; at < size; at += window_size)
            for (const auto& extent : disk.device->extents(at, std::min(window_size, size - at))) {
                const std::uint64_t end = extent.offset + extent.length;
                // A chunk that reaches beyond a hole belongs to what follows.
                const std::uint64_t stop = extent.hole ? 0 : (end + chunk_size - 1) / chunk_size;
                for (next = std::max(next, extent.offset / chunk_size); next < std::min(stop, last);
                     ++next)
                    chunk(disk, next);
            }
        if (last > 0)
            chunk(disk, last);
        done_ += size;
    }

    void end()
    {
        static constexpr std::array<std::byte, tar::end_size> zeros{};
        out_.write(zeros);
    }

  private:
    void chunk(const PackDisk& disk, std::uint64_t number)
    {
        if (options_.stop.stop_requested())
            throw Error(Errc::interrupted, "interrupted");
        const std::uint64_t size = disk.device->size();
        const std::uint64_t at = number * chunk_size;
        const auto content = std::span(buffer_).first(
            static_cast<std::size_t>(std::min<std::uint64_t>(chunk_size, size - at)));
        disk.device->read(at, content);
        if (options_.progress)
            options_.progress(done_ + at + content.size());
        const bool kept = number == 0 || number == (size - 1) / chunk_size;
        if (!kept && block::is_zero(content))
            return;
        const std::string name = fmt::format("{}/{:08}", disk.ref, number);
        entry(name, content);
        const bool sha1 = checksum_ == io::HashKind::sha1;
        const std::string text = io::hash_text(checksum_, content);
        entry(name + (sha1 ? ".checksum" : ".xxhash"), std::as_bytes(std::span(text)));
    }

    io::HashKind checksum_;
    io::ByteSink& out_;
    const block::CopyOptions& options_;
    std::vector<std::byte> buffer_;
    std::uint64_t done_ = 0;
};

} // namespace

void pack(std::string_view ova_xml, std::span<const PackDisk> disks, io::HashKind checksum,
          io::ByteSink& out, const block::CopyOptions& options)
{
    for (std::size_t i = 1; i < disks.size(); ++i)
        if (disks[i].ref <= disks[i - 1].ref)
            throw Error(Errc::failed, "the disks are not in the order of their references");
    Packer packer(checksum, out, options);
    packer.entry("ova.xml", std::as_bytes(std::span(ova_xml)));
    for (const PackDisk& disk : disks)
        packer.disk(disk);
    packer.end();
}

} // namespace xenlab::xva
