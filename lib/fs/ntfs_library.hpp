// SPDX-License-Identifier: GPL-3.0-or-later
// libntfs-3g on a BlockDevice. The library reports by errno; exceptions of the device are kept and
// thrown again by fail().
#pragma once

#include <xenlab/block/block_device.hpp>
#include <xenlab/fs/crash_guard.hpp>

#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include <sys/stat.h>
#include <sys/types.h>

extern "C" {
#include <ntfs-3g/attrib.h>
#include <ntfs-3g/device.h>
#include <ntfs-3g/dir.h>
#include <ntfs-3g/inode.h>
#include <ntfs-3g/layout.h>
#include <ntfs-3g/logging.h>
#include <ntfs-3g/reparse.h>
#include <ntfs-3g/types.h>
#include <ntfs-3g/volume.h>
}
// Macros of the library that the standard library cannot bear.
#undef min
#undef max

namespace xenlab::fs {

struct CloseInode {
    void operator()(ntfs_inode* inode) const noexcept { ntfs_inode_close(inode); }
};
struct CloseAttribute {
    void operator()(ntfs_attr* attribute) const noexcept { ntfs_attr_close(attribute); }
};
using InodePtr = std::unique_ptr<ntfs_inode, CloseInode>;
using AttributePtr = std::unique_ptr<ntfs_attr, CloseAttribute>;

/// A mounted volume. Borrows the device.
class NtfsLibrary {
  public:
    enum class Mode { read, write, recover };
    NtfsLibrary(block::BlockDevice& device, Mode mode);
    ~NtfsLibrary();
    NtfsLibrary(const NtfsLibrary&) = delete;
    NtfsLibrary& operator=(const NtfsLibrary&) = delete;

    [[nodiscard]] ntfs_volume* volume() const noexcept { return volume_; }
    [[nodiscard]] block::BlockDevice& device() const noexcept { return device_; }

    /// Throws what the device threw, or an Error with the words of errno.
    [[noreturn]] void fail(std::string_view what) const;
    /// Forgets a failure that was dealt with.
    void forget() const noexcept { io_.failure = nullptr; }

    /// How names are looked up. Listing must be exact: it writes names in lower case otherwise.
    void match_case(bool exact) const noexcept;

    InodePtr open_inode(std::uint64_t reference) const;
    /// Null when there is no such attribute.
    AttributePtr open_data(ntfs_inode* inode, const std::u16string& stream) const;
    /// Unmounts; what was not written yet is written.
    void close();

    struct Io {
        block::BlockDevice* device = nullptr;
        std::exception_ptr failure;
        std::int64_t position = 0;
    };

  private:
    ForeignCode foreign_;
    block::BlockDevice& device_;
    mutable Io io_;
    ntfs_volume* volume_ = nullptr;
};

std::u16string to_utf16(std::string_view utf8);

/// Whether Windows finished what it had begun: its log holds nothing that is not done.
bool log_is_clean(const NtfsLibrary& library);
/// A system sleeps on the volume and will go on with what it knows of it.
bool is_hibernated(const NtfsLibrary& library);
/// Windows will check the volume when it starts.
bool is_marked_dirty(const NtfsLibrary& library);

} // namespace xenlab::fs
