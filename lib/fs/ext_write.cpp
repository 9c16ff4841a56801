// SPDX-License-Identifier: GPL-3.0-or-later
// Changes to ext filesystems, all made by libext2fs.
#include "ext.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <vector>

namespace xenlab::fs {
namespace {

ext2_ino_t number_of(NodeId node)
{
    return static_cast<ext2_ino_t>(std::min<NodeId>(node, UINT32_MAX));
}

void check_name(const std::string& name)
{
    if (name.empty() || name == "." || name == ".." || name.size() > EXT2_NAME_LEN ||
        name.find('/') != std::string::npos || name.find('\0') != std::string::npos)
        throw Error(Errc::usage, fmt::format("{} cannot be a file name", text::quoted(name)));
}

std::uint32_t seconds_of(const WriteOptions& options)
{
    const std::int64_t seconds = options.modified ? options.modified->seconds
                                                  : static_cast<std::int64_t>(std::time(nullptr));
    return static_cast<std::uint32_t>(seconds);
}

} // namespace

void Ext::require_writable() const
{
    if (!writing_)
        refuse_write();
}

void Ext::write_content(ext2_ino_t number, block::BlockDevice& content)
{
    ext2_file_t file = nullptr;
    library_->check(ext2fs_file_open(library_->get(), number, EXT2_FILE_WRITE, &file), "open");
    const auto closing = [&](ext2_file_t* f) { static_cast<void>(ext2fs_file_close(*f)); };
    std::unique_ptr<ext2_file_t, decltype(closing)> guard(&file, closing);
    std::vector<std::byte> buffer(std::size_t{1} << 20U);
    for (std::uint64_t at = 0; at < content.size();) {
        const auto part = std::span(buffer).first(
            static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), content.size() - at)));
        content.read(at, part);
        unsigned written = 0;
        library_->check(
            ext2fs_file_write(file, part.data(), static_cast<unsigned>(part.size()), &written),
            "cannot write to the ext filesystem");
        if (written == 0)
            throw Error(Errc::failed, "cannot write to the ext filesystem: no progress");
        at += written;
    }
    static_cast<void>(guard.release());
    library_->check(ext2fs_file_close(file), "cannot write to the ext filesystem");
}

void Ext::link(ext2_ino_t directory, const std::string& name, ext2_ino_t number, int type)
{
    errcode_t code = ext2fs_link(library_->get(), directory, name.c_str(), number, type);
    if (code == EXT2_ET_DIR_NO_SPACE) {
        library_->check(ext2fs_expand_dir(library_->get(), directory),
                        "cannot enlarge a directory");
        code = ext2fs_link(library_->get(), directory, name.c_str(), number, type);
    }
    library_->check(code, "cannot add to a directory");
}

ext2_ino_t Ext::create(ext2_ino_t directory, const std::string& name, std::uint32_t mode)
{
    ext2_filsys fs = library_->get();
    ext2_ino_t number = 0;
    library_->check(
        ext2fs_new_inode(fs, directory, static_cast<int>(LINUX_S_IFREG | mode), nullptr, &number),
        "cannot create a file");
    link(directory, name, number, EXT2_FT_REG_FILE);
    ext2fs_inode_alloc_stats2(fs, number, +1, 0);
    ext2_inode_large inode{};
    inode.i_mode = static_cast<__u16>(LINUX_S_IFREG | (mode & 07777U));
    inode.i_links_count = 1;
    inode.i_extra_isize = static_cast<__u16>(sizeof(ext2_inode_large) - EXT2_GOOD_OLD_INODE_SIZE);
    if (ext2fs_has_feature_extents(fs->super)) {
        inode.i_flags |= EXT4_EXTENTS_FL;
        ext2_extent_handle_t handle = nullptr;
        auto* plain = reinterpret_cast<ext2_inode*>(&inode); // NOLINT: the library's way
        library_->check(ext2fs_extent_open2(fs, number, plain, &handle), "cannot create a file");
        ext2fs_extent_free(handle);
    }
    auto* plain = reinterpret_cast<ext2_inode*>(&inode); // NOLINT: the library's way
    library_->check(ext2fs_write_new_inode(fs, number, plain), "cannot create a file");
    return number;
}

NodeId Ext::write_file(NodeId directory, const std::string& name, block::BlockDevice& content,
                       const WriteOptions& options)
{
    require_writable();
    check_name(name);
    ext2_filsys fs = library_->get();
    const auto old = find(directory, name);
    if (old && old->type != FileType::regular)
        throw Error(Errc::precondition, fmt::format("{} is no regular file", text::quoted(name)));
    ext2_ino_t number = old ? number_of(old->node)
                            : create(number_of(directory), name, options.mode.value_or(0644));
    ext2_inode inode = library_->read_inode(number);
    if ((inode.i_flags & (EXT2_IMMUTABLE_FL | EXT4_ENCRYPT_FL | EXT4_VERITY_FL)) != 0)
        throw Error(Errc::precondition,
                    fmt::format("{} is immutable, encrypted or sealed", text::quoted(name)));
    if (old) {
        ext2_file_t file = nullptr;
        library_->check(ext2fs_file_open(fs, number, EXT2_FILE_WRITE, &file), "open");
        // What libext2fs 1.47 does to a file that lies inside its inode is not sound: it overruns
        // a buffer of three blocks when it grows, and loses an attribute when it is emptied. A
        // block of content never fits there, so that it moves outside.
        errcode_t cut = 0;
        if ((inode.i_flags & EXT4_INLINE_DATA_FL) != 0) {
            const std::vector<std::byte> one(fs->blocksize);
            cut = ext2fs_file_write(file, one.data(), fs->blocksize, nullptr);
        }
        if (cut == 0)
            cut = ext2fs_file_set_size2(file, 0);
        static_cast<void>(ext2fs_file_close(file));
        library_->check(cut, "cannot empty the file");
    }
    write_content(number, content);
    inode = library_->read_inode(number);
    if (options.mode)
        inode.i_mode = static_cast<__u16>((inode.i_mode & LINUX_S_IFMT) | (*options.mode & 07777U));
    inode.i_mtime = seconds_of(options);
    inode.i_ctime = static_cast<__u32>(std::time(nullptr));
    if (!old)
        inode.i_atime = inode.i_mtime;
    library_->check(ext2fs_write_inode(fs, number, &inode), "cannot write an inode");
    return number;
}

NodeId Ext::make_directory(NodeId directory, const std::string& name, const WriteOptions& options)
{
    require_writable();
    check_name(name);
    ext2_filsys fs = library_->get();
    if (find(directory, name))
        throw Error(Errc::precondition, fmt::format("{} exists already", text::quoted(name)));
    errcode_t code = ext2fs_mkdir(fs, number_of(directory), 0, name.c_str());
    if (code == EXT2_ET_DIR_NO_SPACE) {
        library_->check(ext2fs_expand_dir(fs, number_of(directory)), "cannot enlarge a directory");
        code = ext2fs_mkdir(fs, number_of(directory), 0, name.c_str());
    }
    library_->check(code, "cannot make a directory");
    const auto made = find(directory, name);
    if (!made)
        throw Error(Errc::failed, "cannot make a directory");
    ext2_inode inode = library_->read_inode(number_of(made->node));
    inode.i_mode = static_cast<__u16>(LINUX_S_IFDIR | options.mode.value_or(0755));
    inode.i_mtime = inode.i_ctime = inode.i_atime = seconds_of(options);
    library_->check(ext2fs_write_inode(fs, number_of(made->node), &inode), "cannot write an inode");
    return made->node;
}

/// Frees an inode that no name leads to any more.
void Ext::release(ext2_ino_t number)
{
    ext2_filsys fs = library_->get();
    ext2_inode_large large{};
    auto* inode = reinterpret_cast<ext2_inode*>(&large); // NOLINT: the library's way
    library_->check(ext2fs_read_inode_full(fs, number, inode, sizeof large), "inode");
    const bool directory = LINUX_S_ISDIR(inode->i_mode);
    inode->i_links_count = 0;
    inode->i_dtime = static_cast<__u32>(std::time(nullptr));
    library_->check(ext2fs_free_ext_attr(fs, number, &large), "cannot free attributes");
    if (ext2fs_inode_has_valid_blocks2(fs, inode) != 0)
        library_->check(ext2fs_punch(fs, number, inode, nullptr, 0, ~0ULL), "cannot free blocks");
    library_->check(ext2fs_write_inode_full(fs, number, inode, sizeof large),
                    "cannot write an inode");
    ext2fs_inode_alloc_stats2(fs, number, -1, directory ? 1 : 0);
}

void Ext::remove(NodeId directory, const std::string& name)
{
    require_writable();
    ext2_filsys fs = library_->get();
    const auto entry = find(directory, name);
    if (!entry)
        throw Error(Errc::not_found, fmt::format("there is no {}", text::quoted(name)));
    const bool is_directory = entry->type == FileType::directory;
    if (is_directory)
        list(entry->node, [&](const Entry&) -> bool {
            throw Error(Errc::precondition,
                        fmt::format("the directory {} is not empty", text::quoted(name)));
        });
    const ext2_ino_t number = number_of(entry->node);
    ext2_inode inode = library_->read_inode(number);
    if ((inode.i_flags & (EXT2_IMMUTABLE_FL | EXT2_APPEND_FL)) != 0)
        throw Error(Errc::precondition, fmt::format("{} is immutable", text::quoted(name)));
    library_->check(ext2fs_unlink(fs, number_of(directory), name.c_str(), number, 0),
                    "cannot remove from a directory");
    if (is_directory) {
        ext2_inode parent = library_->read_inode(number_of(directory));
        if (parent.i_links_count > 2) // 1 means "too many to count" (dir_nlink)
            --parent.i_links_count;
        library_->check(ext2fs_write_inode(fs, number_of(directory), &parent), "inode");
        release(number);
    } else if (inode.i_links_count > 1) {
        --inode.i_links_count;
        library_->check(ext2fs_write_inode(fs, number, &inode), "cannot write an inode");
    } else {
        release(number);
    }
}

void Ext::set_mode(NodeId node, std::uint32_t mode)
{
    require_writable();
    ext2_inode inode = library_->read_inode(number_of(node));
    inode.i_mode = static_cast<__u16>((inode.i_mode & LINUX_S_IFMT) | (mode & 07777U));
    inode.i_ctime = static_cast<__u32>(std::time(nullptr));
    library_->check(ext2fs_write_inode(library_->get(), number_of(node), &inode),
                    "cannot write an inode");
}

void Ext::close()
{
    if (writing_)
        library_->close();
}

} // namespace xenlab::fs
