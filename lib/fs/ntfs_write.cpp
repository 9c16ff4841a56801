// SPDX-License-Identifier: GPL-3.0-or-later
// Changes to NTFS volumes, all made by libntfs-3g.
#include "ntfs.hpp"
#include "ntfs_library.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace xenlab::fs {
namespace {

/// Win32's rules, so that Windows can open what is made here.
std::u16string checked_name(const std::string& name)
{
    const std::u16string wide = to_utf16(name);
    const bool bad = name.empty() || wide.size() > 255 || !text::is_utf8(name) ||
                     name.find_first_of("/\\:*?\"<>|") != std::string::npos || name.back() == '.' ||
                     name.back() == ' ' || std::any_of(name.begin(), name.end(), [](char c) {
                         return static_cast<unsigned char>(c) < 32;
                     });
    if (bad)
        throw Error(Errc::usage,
                    fmt::format("{} cannot be a file name on NTFS", text::quoted(name)));
    return wide;
}

const ntfschar* units(const std::u16string& name)
{
    return reinterpret_cast<const ntfschar*>(name.data()); // NOLINT: same units
}

void set_time(ntfs_inode* inode, const WriteOptions& options)
{
    if (options.modified) {
        const timespec time{.tv_sec = options.modified->seconds,
                            .tv_nsec = options.modified->nanoseconds};
        inode->last_data_change_time = timespec2ntfs(time);
    } else {
        inode->last_data_change_time = ntfs_current_time();
    }
    inode->last_mft_change_time = ntfs_current_time();
    NInoFileNameSetDirty(inode);
    NInoSetDirty(inode);
}

void write_all(const NtfsLibrary& library, ntfs_attr* data, block::BlockDevice& content)
{
    std::vector<std::byte> buffer(std::size_t{1} << 20U);
    for (std::uint64_t at = 0; at < content.size();) {
        const auto part = std::span(buffer).first(
            static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), content.size() - at)));
        content.read(at, part);
        errno = EIO;
        const s64 n = ntfs_attr_pwrite(data, static_cast<s64>(at), static_cast<s64>(part.size()),
                                       part.data());
        if (n <= 0)
            library.fail("cannot write to the NTFS volume");
        at += static_cast<std::uint64_t>(n);
    }
    if (NAttrCompressed(data) != 0 && ntfs_attr_pclose(data) != 0)
        library.fail("cannot write to the NTFS volume");
}

/// Through the parent where it is open: another copy of it would not know the new entry.
void close_both(const NtfsLibrary& library, InodePtr inode, InodePtr parent)
{
    errno = EIO;
    const int closed = parent ? ntfs_inode_close_in_dir(inode.release(), parent.get())
                              : ntfs_inode_close(inode.release());
    if (closed != 0 || (parent && ntfs_inode_close(parent.release()) != 0))
        library.fail("cannot write to the NTFS volume");
}

} // namespace

void Ntfs::require_writable() const
{
    if (!writing_)
        refuse_write();
}

NodeId Ntfs::write_file(NodeId directory, const std::string& name, block::BlockDevice& content,
                        const WriteOptions& options)
{
    require_writable();
    const auto old = find(directory, name);
    if (old && old->type != FileType::regular)
        throw Error(Errc::precondition, fmt::format("{} is no regular file", text::quoted(name)));
    if (old && old->system)
        throw Error(Errc::precondition, fmt::format("{} is NTFS's own", text::quoted(name)));
    const std::u16string wide = checked_name(name);
    InodePtr parent, inode;
    if (old) {
        inode = library_->open_inode(old->node);
    } else {
        parent = library_->open_inode(directory);
        inode.reset(ntfs_create(parent.get(), const_cpu_to_le32(0), units(wide),
                                static_cast<u8>(wide.size()), S_IFREG));
        if (!inode)
            library_->fail("cannot create a file on the NTFS volume");
    }
    const auto reference = MK_MREF(inode->mft_no, le16_to_cpu(inode->mrec->sequence_number));
    {
        AttributePtr data = library_->open_data(inode.get(), {});
        if (!data)
            library_->fail("cannot open a file of the NTFS volume");
        if (NAttrEncrypted(data.get()) != 0)
            throw Error(Errc::precondition, "the file is encrypted by Windows (EFS)");
        if ((inode->flags & FILE_ATTR_REPARSE_POINT) != 0)
            throw Error(Errc::precondition,
                        "the file is compressed (CompactOS), deduplicated or elsewhere",
                        "remove it first (--rm), or uncompact it in the guest");
        if (ntfs_attr_truncate(data.get(), 0) != 0)
            library_->fail("cannot empty a file of the NTFS volume");
        write_all(*library_, data.get(), content);
    }
    set_time(inode.get(), options);
    close_both(*library_, std::move(inode), std::move(parent));
    return reference;
}

NodeId Ntfs::make_directory(NodeId directory, const std::string& name, const WriteOptions& options)
{
    require_writable();
    if (find(directory, name))
        throw Error(Errc::precondition, fmt::format("{} exists already", text::quoted(name)));
    const std::u16string wide = checked_name(name);
    InodePtr parent = library_->open_inode(directory);
    InodePtr inode(ntfs_create(parent.get(), const_cpu_to_le32(0), units(wide),
                               static_cast<u8>(wide.size()), S_IFDIR));
    if (!inode)
        library_->fail("cannot make a directory on the NTFS volume");
    const auto reference = MK_MREF(inode->mft_no, le16_to_cpu(inode->mrec->sequence_number));
    set_time(inode.get(), options);
    close_both(*library_, std::move(inode), std::move(parent));
    return reference;
}

void Ntfs::remove(NodeId directory, const std::string& name)
{
    require_writable();
    const auto entry = find(directory, name);
    if (!entry)
        throw Error(Errc::not_found, fmt::format("there is no {}", text::quoted(name)));
    if (entry->system)
        throw Error(Errc::precondition, fmt::format("{} is NTFS's own", text::quoted(name)));
    const std::u16string wide = to_utf16(name);
    InodePtr parent = library_->open_inode(directory), inode = library_->open_inode(entry->node);
    if (entry->type == FileType::directory && ntfs_check_empty_dir(inode.get()) != 0)
        throw Error(Errc::precondition,
                    fmt::format("the directory {} is not empty", text::quoted(name)));
    // Closes both, whatever comes of it.
    if (ntfs_delete(library_->volume(), nullptr, inode.release(), parent.release(), units(wide),
                    static_cast<u8>(wide.size())) != 0)
        library_->fail("cannot remove from the NTFS volume");
}

/// The one permission that NTFS's attributes know.
void Ntfs::set_mode(NodeId node, std::uint32_t mode)
{
    require_writable();
    InodePtr inode = library_->open_inode(node);
    const auto others = static_cast<unsigned>(inode->flags) & ~unsigned{FILE_ATTR_READONLY};
    inode->flags = static_cast<FILE_ATTR_FLAGS>(
        others | ((mode & 0222U) == 0 ? unsigned{FILE_ATTR_READONLY} : 0U));
    NInoFileNameSetDirty(inode.get());
    NInoSetDirty(inode.get());
    if (ntfs_inode_close(inode.release()) != 0)
        library_->fail("cannot write to the NTFS volume");
}

void Ntfs::close()
{
    if (writing_)
        library_->close();
}

} // namespace xenlab::fs
