// SPDX-License-Identifier: GPL-3.0-or-later
// Format facts: VHD spec, "Block Allocation Table and Data Blocks".
#include "vhd_file.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/block/disk_sink.hpp>
#include <xenlab/block/raw_image.hpp>
#include <xenlab/block/vhd_edit.hpp>

#include <algorithm>
#include <map>

namespace xenlab::block {
namespace {

using vhd::sector_size;

/// A write into the file: bytes of the overlay, or bytes at hand.
struct Write {
    std::uint64_t at = 0;
    std::uint64_t length = 0;
    std::uint64_t disk_offset = 0;
    std::vector<std::byte> bytes;
};

std::vector<std::byte> entry_bytes(std::uint64_t sector)
{
    std::vector<std::byte> out;
    for (int shift = 24; shift >= 0; shift -= 8)
        out.push_back(std::byte(sector >> static_cast<unsigned>(shift) & 0xFFU));
    return out;
}

class VhdPatcher {
  public:
    VhdPatcher(Overlay& overlay, const std::string& path)
        : overlay_(overlay), vhd_(std::make_unique<RawImage>(path), {}), path_(path)
    {
        end_ = (vhd_.data_end() + sector_size - 1) / sector_size * sector_size;
        first_new_ = end_;
    }

    void run(InPlaceEdit& edit)
    {
        plan();
        std::vector<Extent> touched;
        for (const Write& write : writes_)
            touched.push_back({.offset = write.at, .length = write.length});
        if (!added_.empty()) // the footer gives way
            touched.push_back({.offset = vhd_.data_end(), .length = edit.size() - vhd_.data_end()});
        edit.announce(touched);
        if (!added_.empty())
            append(edit);
        for (const Write& write : writes_)
            copy(edit, write);
        edit.commit();
    }

  private:
    void plan()
    {
        for (const Extent& dirty : overlay_.dirty()) {
            if (vhd_.flat()) {
                writes_.push_back(
                    {.at = dirty.offset, .length = dirty.length, .disk_offset = dirty.offset});
                continue;
            }
            const std::uint64_t block_size = vhd_.header().block_size;
            for (std::uint64_t at = dirty.offset; at < dirty.offset + dirty.length;) {
                const std::uint64_t block = at / block_size;
                const std::uint64_t end =
                    std::min(dirty.offset + dirty.length, (block + 1) * block_size);
                plan_in_block(block, at, end - at);
                at = end;
            }
        }
        for (auto& [block, extents] : added_)
            place_new_block(block);
        for (auto& [block, bitmap] : bitmaps_)
            writes_.push_back({.at = *vhd_.block_place(block),
                               .length = bitmap.size(),
                               .bytes = std::move(bitmap)});
    }

    void plan_in_block(std::uint64_t block, std::uint64_t offset, std::uint64_t length)
    {
        const std::uint32_t block_size = vhd_.header().block_size;
        const auto place = vhd_.block_place(block);
        if (!place) {
            if (vhd_.footer().type == vhd::Type::dynamic && all_zero(offset, length))
                return;
            added_[block].push_back({.offset = offset, .length = length});
            return;
        }
        const std::uint32_t bitmap_size = vhd::bitmap_size(block_size);
        auto [bitmap, is_new] = bitmaps_.try_emplace(block, bitmap_size);
        if (is_new)
            vhd_.file().read(*place, bitmap->second);
        mark(bitmap->second, offset % block_size, length);
        writes_.push_back({.at = *place + bitmap_size + offset % block_size,
                           .length = length,
                           .disk_offset = offset});
    }

    static void mark(std::vector<std::byte>& bitmap, std::uint64_t within, std::uint64_t length)
    {
        for (std::uint64_t s = within / sector_size;
             s < (within + length + sector_size - 1) / sector_size; ++s)
            bitmap[static_cast<std::size_t>(s / 8)] |= std::byte{0x80} >> static_cast<int>(s % 8);
    }

    bool all_zero(std::uint64_t offset, std::uint64_t length)
    {
        std::vector<std::byte> data(static_cast<std::size_t>(length)); // at most a block
        overlay_.read(offset, data);
        return is_zero(data);
    }

    /// Behind the last one; its entry in the table is written like any other change.
    void place_new_block(std::uint64_t block)
    {
        if (end_ / sector_size >= vhd::unused_entry)
            throw Error(Errc::precondition, "the VHD cannot grow so far");
        writes_.push_back({.at = vhd_.header().table_offset + block * 4,
                           .length = 4,
                           .bytes = entry_bytes(end_ / sector_size)});
        const std::uint32_t block_size = vhd_.header().block_size;
        end_ += vhd::bitmap_size(block_size) + block_size;
    }

    /// The new blocks over the old footer and beyond, then the footer again.
    void append(InPlaceEdit& edit)
    {
        const std::uint32_t block_size = vhd_.header().block_size;
        std::uint64_t at = first_new_;
        const std::vector<std::byte> gap(static_cast<std::size_t>(at - vhd_.data_end()));
        edit.write(vhd_.data_end(), gap);
        for (const auto& [block, extents] : added_) {
            std::vector<std::byte> bitmap(vhd::bitmap_size(block_size));
            std::vector<std::byte> data(block_size);
            for (const Extent& extent : extents) {
                const std::uint64_t within = extent.offset % block_size;
                mark(bitmap, within, extent.length);
                overlay_.read(extent.offset,
                              std::span(data).subspan(static_cast<std::size_t>(within),
                                                      static_cast<std::size_t>(extent.length)));
            }
            edit.write(at, bitmap);
            edit.write(at + bitmap.size(), data);
            at += bitmap.size() + data.size();
        }
        edit.write(end_, vhd::encode_footer(vhd_.footer()));
    }

    void copy(InPlaceEdit& edit, const Write& write)
    {
        if (!write.bytes.empty()) {
            edit.write(write.at, write.bytes);
            return;
        }
        std::vector<std::byte> piece;
        for (std::uint64_t done = 0; done < write.length; done += piece.size()) {
            piece.resize(
                static_cast<std::size_t>(std::min<std::uint64_t>(write.length - done, 1U << 20U)));
            overlay_.read(write.disk_offset + done, piece);
            edit.write(write.at + done, piece);
        }
    }

    Overlay& overlay_;
    VhdFile vhd_;
    std::string path_;
    std::uint64_t first_new_ = 0; ///< where the first new block goes
    std::uint64_t end_ = 0;       ///< where the next one goes, or the footer
    std::vector<Write> writes_;
    std::map<std::uint64_t, std::vector<std::byte>> bitmaps_; ///< changed, by block
    std::map<std::uint64_t, std::vector<Extent>> added_;      ///< blocks to add
};

} // namespace

void commit_to_vhd(Overlay& overlay, const std::string& path, const UndoOptions& options)
{
    InPlaceEdit edit(path, options); // locked from here on
    VhdPatcher(overlay, path).run(edit);
}

} // namespace xenlab::block
