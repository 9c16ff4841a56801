// SPDX-License-Identifier: GPL-3.0-or-later
#include "ext.hpp"

#include "ext_journal.hpp"
#include "mapped_file.hpp"
#include "unix_mode.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/bytes/endian.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace xenlab::fs {
namespace {

constexpr std::uint64_t max_directory = 1ULL << 32U; // of bytes; the kernel's own limit is 2 GiB

FileType type_of_entry(unsigned code)
{
    static constexpr FileType types[] = {
        FileType::other,        FileType::regular, FileType::directory, FileType::character_device,
        FileType::block_device, FileType::fifo,    FileType::socket,    FileType::symlink};
    return code < std::size(types) ? types[code] : FileType::other;
}

/// Nanoseconds and two more bits of seconds in the part of an inode that small inodes do not have.
Time modified_of(const ext2_inode& inode, bytes::View whole)
{
    Time time{.seconds = static_cast<std::int32_t>(inode.i_mtime)};
    if (whole.size() >= 128 + 12 && bytes::le16(whole, 128) >= 12) {
        const std::uint32_t extra = bytes::le32(whole, 0x88);
        time.seconds += static_cast<std::int64_t>(extra & 3U) << 32U;
        time.nanoseconds = std::min(extra >> 2U, 999'999'999U);
    }
    return time;
}

void set_device(Metadata& data, const ext2_inode& inode)
{
    const std::uint32_t old = inode.i_block[0], wide = inode.i_block[1];
    data.device_major = old != 0 ? (old >> 8U) & 0xff : (wide >> 8U) & 0xfff;
    data.device_minor = old != 0 ? old & 0xff : (wide & 0xff) | ((wide >> 12U) & 0xfff00);
}

} // namespace

Ext::Ext(block::BlockDevice& volume, std::string type, const OpenOptions& options)
    : type_(std::move(type)), writing_(options.access != Access::read)
{
    block::BlockDevice* device = &volume;
    library_ = std::make_unique<ExtLibrary>(*device, false);
    const bool dirty = ext2fs_has_feature_journal_needs_recovery(library_->get()->super) != 0;
    if (dirty && options.access == Access::write)
        throw Error(Errc::precondition,
                    "the ext journal needs recovery: the guest was not shut down cleanly",
                    "start and shut down the guest, or use --recover");
    if (dirty) {
        library_.reset();
        if (!writing_) {
            replayed_ = std::make_unique<block::Overlay>(volume);
            device = replayed_.get();
        }
        recover(*device, options);
        library_ = std::make_unique<ExtLibrary>(*device, false);
    }
    if (!writing_)
        return;
    refuse_unsafe();
    library_.reset();
    library_ = std::make_unique<ExtLibrary>(*device, true);
    library_->check(ext2fs_read_bitmaps(library_->get()), "cannot read the bitmaps");
}

void Ext::recover(block::BlockDevice& volume, const OpenOptions& options)
{
    const Replay replay = replay_journal(volume);
    if (!options.note)
        return;
    options.note(fmt::format("the ext journal was replayed{}: {} transaction{}, {} block{}",
                             writing_ ? "" : " in memory", replay.transactions,
                             replay.transactions == 1 ? "" : "s", replay.blocks,
                             replay.blocks == 1 ? "" : "s"));
    if (!replay.cut_short.empty())
        options.note(fmt::format("the ext journal ends early: {}", replay.cut_short));
}

void Ext::refuse_unsafe() const
{
    ext2_super_block& super = *library_->get()->super;
    if (ext2fs_blocks_count(&super) > library_->device().size() / library_->get()->blocksize)
        throw Error(Errc::bad_data,
                    "the ext filesystem is larger than its volume: the disk was cut short");
    if ((super.s_state & EXT2_ERROR_FS) != 0)
        throw Error(Errc::precondition, "the ext filesystem is marked as having errors",
                    "let the guest's e2fsck repair it first");
    if ((super.s_state & EXT2_VALID_FS) == 0 && ext2fs_has_feature_journal(&super) == 0)
        throw Error(Errc::precondition, "the ext filesystem was not unmounted cleanly",
                    "let the guest's e2fsck check it first");
}

Metadata Ext::stat(NodeId node)
{
    std::vector<std::byte> whole;
    const auto number = static_cast<ext2_ino_t>(std::min<NodeId>(node, UINT32_MAX));
    const ext2_inode inode = library_->read_inode(number, &whole);
    Metadata data;
    data.type = type_of_mode(inode.i_mode);
    data.size = EXT2_I_SIZE(&inode);
    data.modified = modified_of(inode, whole);
    data.mode = inode.i_mode & 07777U;
    data.uid = inode_uid(inode);
    data.gid = inode_gid(inode);
    data.unix_owner = true;
    data.links = inode.i_links_count;
    if (data.type == FileType::character_device || data.type == FileType::block_device)
        set_device(data, inode);
    if (data.type == FileType::symlink) {
        if (data.size > 65536)
            throw Error(Errc::bad_data, fmt::format("the symlink of inode {} is too long", number));
        const auto content = content_of(number, inode);
        data.link_target.resize(static_cast<std::size_t>(content->size()));
        content->read(0, std::as_writable_bytes(std::span(data.link_target)));
        data.link_target.resize(std::min(data.link_target.size(), data.link_target.find('\0')));
    }
    return data;
}

std::vector<std::byte> Ext::inline_data(ext2_ino_t number, const ext2_inode& inode)
{
    std::size_t size = 0;
    library_->check(ext2fs_inline_data_size(library_->get(), number, &size), "inline data");
    std::vector<std::byte> data(std::max<std::size_t>(size, 65536));
    ext2_inode copy = inode;
    library_->check(ext2fs_inline_data_get(library_->get(), number, &copy, data.data(), &size),
                    "inline data");
    data.resize(std::min(data.size(), size));
    return data;
}

std::unique_ptr<block::BlockDevice> Ext::content_of(ext2_ino_t number, const ext2_inode& inode)
{
    const std::uint64_t size = EXT2_I_SIZE(&inode);
    if ((inode.i_flags & EXT4_ENCRYPT_FL) != 0)
        throw Error(Errc::precondition, "the file is encrypted by the guest (fscrypt)");
    ext2_inode copy = inode;
    if (LINUX_S_ISLNK(inode.i_mode) && ext2fs_is_fast_symlink(&copy) != 0 && size <= 60) {
        std::vector<std::byte> target(static_cast<std::size_t>(size));
        std::memcpy(target.data(), &inode.i_block, target.size());
        return std::make_unique<MemoryFile>(std::move(target));
    }
    if ((inode.i_flags & EXT4_INLINE_DATA_FL) != 0) {
        auto data = inline_data(number, inode);
        data.resize(static_cast<std::size_t>(std::min<std::uint64_t>(size, data.size())));
        return std::make_unique<MemoryFile>(std::move(data));
    }
    const std::uint64_t block_size = library_->get()->blocksize;
    std::vector<FileRun> runs;
    for (const ExtRun& run : map_blocks(*library_, inode))
        runs.push_back(
            {run.logical * block_size, run.physical * block_size, run.blocks * block_size});
    return std::make_unique<MappedFile>(library_->device(), std::move(runs), size);
}

std::unique_ptr<block::BlockDevice> Ext::open(NodeId node, std::string_view stream)
{
    if (!stream.empty())
        throw Error(Errc::not_found, "ext has no alternate data streams");
    const auto number = static_cast<ext2_ino_t>(std::min<NodeId>(node, UINT32_MAX));
    return content_of(number, library_->read_inode(number));
}

std::vector<block::Extent> Ext::map(NodeId node)
{
    const auto number = static_cast<ext2_ino_t>(std::min<NodeId>(node, UINT32_MAX));
    const ext2_inode inode = library_->read_inode(number);
    ext2_inode copy = inode;
    const bool has_blocks = (LINUX_S_ISREG(inode.i_mode) || LINUX_S_ISDIR(inode.i_mode) ||
                             (LINUX_S_ISLNK(inode.i_mode) && ext2fs_is_fast_symlink(&copy) == 0)) &&
                            (inode.i_flags & EXT4_INLINE_DATA_FL) == 0;
    if (!has_blocks)
        return {};
    const std::uint64_t block_size = library_->get()->blocksize;
    std::vector<FileRun> runs;
    for (const ExtRun& run : map_blocks(*library_, inode))
        runs.push_back(
            {run.logical * block_size, run.physical * block_size, run.blocks * block_size});
    return volume_extents(runs, EXT2_I_SIZE(&inode));
}

/// Linear entries; the inner nodes of an index look like one unused entry.
bool Ext::list_block(bytes::View block, const Visit& visit) const
{
    for (std::size_t at = 0; at + 8 <= block.size();) {
        std::size_t length = bytes::le16(block, at + 4);
        if (length == 0 || length == 65535) // 64 KiB do not fit into the field
            length = 65536;
        const std::size_t name_length = bytes::u8(block, at + 6);
        if (length < 8 || length % 4 != 0 || length > block.size() - at || name_length + 8 > length)
            throw Error(Errc::bad_data, "a directory is damaged");
        const std::uint32_t inode = bytes::le32(block, at);
        if (inode != 0 && name_length != 0) {
            Entry entry{.node = inode, .type = type_of_entry(bytes::u8(block, at + 7))};
            entry.name.resize(name_length);
            std::memcpy(entry.name.data(), block.data() + at + 8, name_length);
            const bool plain = entry.name != "." && entry.name != ".." &&
                               entry.name.find('/') == std::string::npos &&
                               entry.name.find('\0') == std::string::npos;
            if (plain && !visit(entry))
                return false;
        }
        at += length;
    }
    return true;
}

void Ext::list(NodeId directory, const Visit& visit)
{
    const auto number = static_cast<ext2_ino_t>(std::min<NodeId>(directory, UINT32_MAX));
    const ext2_inode inode = library_->read_inode(number);
    if (!LINUX_S_ISDIR(inode.i_mode))
        throw Error(Errc::bad_data, fmt::format("inode {} is no directory", number));
    const Visit typed = [&](const Entry& entry) {
        if (entry.type != FileType::other)
            return visit(entry);
        Entry known = entry; // filesystems without the feature filetype
        known.type = type_of_mode(library_->read_inode(static_cast<ext2_ino_t>(entry.node)).i_mode);
        return visit(known);
    };
    if ((inode.i_flags & EXT4_INLINE_DATA_FL) != 0) {
        // The parent's number, entries in the inode, and behind its 60 bytes more in an attribute.
        const auto data = inline_data(number, inode);
        const std::size_t inner = std::min<std::size_t>(60, data.size());
        if (inner < 4 || !list_block(bytes::View(data).subspan(4, inner - 4), typed))
            return;
        list_block(bytes::View(data).subspan(inner), typed);
        return;
    }
    const auto content = content_of(number, inode);
    if (content->size() > max_directory)
        throw Error(Errc::bad_data, fmt::format("the directory of inode {} is too large", number));
    std::vector<std::byte> block(library_->get()->blocksize);
    for (const block::Extent& extent : content->extents(0, content->size()))
        for (std::uint64_t at = extent.offset;
             !extent.hole && at + block.size() <= extent.offset + extent.length;
             at += block.size()) {
            content->read(at, block);
            if (!list_block(block, typed))
                return;
        }
}

} // namespace xenlab::fs
