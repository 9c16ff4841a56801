// SPDX-License-Identifier: GPL-3.0-or-later
#include "xfs.hpp"

#include <xenlab/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::fs {
namespace {

constexpr std::uint64_t leaves_at = std::uint64_t{32} << 30U; ///< behind the data of a directory
constexpr std::uint64_t max_directory = std::uint64_t{4} << 30U;
constexpr std::uint64_t max_link = 1024;

} // namespace

Xfs::Xfs(block::BlockDevice& volume, const OpenOptions& options)
    : volume_(volume), geometry_(xfs::read_geometry(volume))
{
    if (!options.note)
        return;
    if (geometry_.needs_repair)
        options.note("the XFS volume is marked as in need of xfs_repair");
    if (geometry_.log_start == 0)
        options.note("the XFS log is on another device and was not looked at: if the guest "
                     "crashed, recent changes are missing");
    else if (!xfs::log_is_clean(volume, geometry_))
        options.note("the XFS log is dirty and is not replayed here: recent changes may be "
                     "missing, and files may be damaged");
}

Metadata Xfs::stat(NodeId node)
{
    xfs::Inode inode = xfs::read_inode(volume_, geometry_, node);
    if (inode.data.type == FileType::symlink)
        inode.data.link_target = link_target(inode);
    return std::move(inode.data);
}

/// In the inode; or in extents, each with a header of 56 bytes in version 5: checksum at 12, owner
/// at 32.
std::string Xfs::link_target(const xfs::Inode& inode) const
{
    const auto take = [](std::string& target, bytes::View data, std::uint64_t size) {
        const auto part = data.first(
            std::min<std::size_t>(data.size(), static_cast<std::size_t>(size - target.size())));
        target.append(reinterpret_cast<const char*>(part.data()), part.size()); // NOLINT
    };
    if (inode.data.size > max_link)
        throw xfs::damaged("a symbolic link is too long");
    std::string target;
    if (inode.format == xfs::ForkFormat::local)
        take(target, inode.fork, inode.data.size);
    for (const FileRun& run : xfs::map_extents(volume_, geometry_, inode)) {
        std::vector<std::byte> block(
            static_cast<std::size_t>(std::min<std::uint64_t>(run.length, std::uint64_t{1} << 17U)));
        volume_.read(run.volume, block);
        bytes::View text = block;
        if (geometry_.checksums) {
            if (bytes::be32(block, 0) != 0x58534c4d || // "XSLM"
                bytes::load_be<std::uint64_t>(block, 32) != inode.number)
                throw xfs::damaged("a symbolic link is none");
            xfs::check_sum(block, 12, "a symbolic link");
            text = text.subspan(56);
        }
        take(target, text, inode.data.size);
    }
    if (target.size() != inode.data.size)
        throw xfs::damaged("a symbolic link is cut off");
    target.resize(std::min(target.size(), target.find('\0')));
    return target;
}

std::unique_ptr<block::BlockDevice> Xfs::open(NodeId node, std::string_view stream)
{
    if (!stream.empty())
        throw Error(Errc::not_found, "XFS has no alternate data streams");
    xfs::Inode inode = xfs::read_inode(volume_, geometry_, node);
    if (inode.realtime)
        throw Error(Errc::precondition, "the file is on a realtime device, which is not here");
    const bool held = inode.data.type == FileType::regular ||
                      inode.data.type == FileType::directory ||
                      inode.data.type == FileType::symlink;
    if (!held)
        return std::make_unique<MemoryFile>(std::string_view());
    if (inode.format == xfs::ForkFormat::local) {
        inode.fork.resize(std::min<std::size_t>(inode.fork.size(), inode.data.size));
        return std::make_unique<MemoryFile>(std::move(inode.fork));
    }
    return std::make_unique<MappedFile>(volume_, xfs::map_extents(volume_, geometry_, inode),
                                        inode.data.size);
}

std::vector<block::Extent> Xfs::map(NodeId node)
{
    const xfs::Inode inode = xfs::read_inode(volume_, geometry_, node);
    if (inode.realtime || inode.format == xfs::ForkFormat::local ||
        inode.format == xfs::ForkFormat::device)
        return {};
    // A directory's leaves lie behind its size.
    const bool whole = inode.data.type != FileType::regular;
    return volume_extents(xfs::map_extents(volume_, geometry_, inode),
                          whole ? UINT64_MAX : inode.data.size);
}

void Xfs::list(NodeId directory, const Visit& visit)
{
    const xfs::Inode inode = xfs::read_inode(volume_, geometry_, directory);
    if (inode.data.type != FileType::directory)
        throw xfs::damaged(fmt::format("inode {} is no directory", directory));
    const Visit typed = [&](const Entry& entry) {
        if (entry.type != FileType::other)
            return visit(entry);
        Entry known = entry; // volumes without types in directories
        known.type = xfs::read_inode(volume_, geometry_, entry.node).data.type;
        return visit(known);
    };
    if (inode.format == xfs::ForkFormat::local) {
        static_cast<void>(xfs::list_short(geometry_, inode.fork, typed));
        return;
    }
    const std::uint64_t size = std::min(inode.data.size, leaves_at);
    if (size > max_directory)
        throw xfs::damaged(fmt::format("directory {} is too large", directory));
    MappedFile content(volume_, xfs::map_extents(volume_, geometry_, inode), size);
    std::vector<std::byte> block(static_cast<std::size_t>(geometry_.directory_block));
    for (const block::Extent& extent : content.extents(0, size)) {
        if (extent.hole)
            continue;
        const std::uint64_t end = extent.offset + extent.length;
        for (std::uint64_t at = extent.offset; at + block.size() <= end; at += block.size()) {
            content.read(at, block);
            if (!xfs::list_block(geometry_, block, directory, typed))
                return;
        }
    }
}

} // namespace xenlab::fs
