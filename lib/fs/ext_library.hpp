// SPDX-License-Identifier: GPL-3.0-or-later
// libext2fs on a BlockDevice: opens, closes, turns its error codes into Errors.
#pragma once

#include <xenlab/block/block_device.hpp>
#include <xenlab/fs/crash_guard.hpp>

#include <exception>
#include <ext2fs/ext2fs.h>
#include <string_view>
#include <vector>

namespace xenlab::fs {

/// One open filesystem of the library. Borrows the device.
class ExtLibrary {
  public:
    ExtLibrary(block::BlockDevice& device, bool write);
    /// Without close(): nothing more is written.
    ~ExtLibrary();
    ExtLibrary(const ExtLibrary&) = delete;
    ExtLibrary& operator=(const ExtLibrary&) = delete;

    [[nodiscard]] ext2_filsys get() const noexcept { return fs_; }
    [[nodiscard]] block::BlockDevice& device() const noexcept { return device_; }

    /// Throws for a code other than 0: what the device threw, or Error{bad_data} with the
    /// library's words.
    void check(errcode_t code, std::string_view what) const;

    ext2_inode read_inode(ext2_ino_t number, std::vector<std::byte>* whole = nullptr) const;
    void close();

    struct Io {
        block::BlockDevice* device = nullptr;
        std::exception_ptr failure;
    };

  private:
    ForeignCode foreign_;
    block::BlockDevice& device_;
    mutable Io io_;
    ext2_filsys fs_ = nullptr;
};

} // namespace xenlab::fs
