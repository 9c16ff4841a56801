// SPDX-License-Identifier: GPL-3.0-or-later
// The file type in the mode of an inode, the same number on every Unix.
#pragma once

#include <xenlab/fs/filesystem.hpp>

#include <cstdint>

namespace xenlab::fs {

inline FileType type_of_mode(std::uint32_t mode)
{
    switch (mode & 0170000U) {
    case 0100000:
        return FileType::regular;
    case 0040000:
        return FileType::directory;
    case 0120000:
        return FileType::symlink;
    case 0010000:
        return FileType::fifo;
    case 0020000:
        return FileType::character_device;
    case 0060000:
        return FileType::block_device;
    case 0140000:
        return FileType::socket;
    default:
        return FileType::other;
    }
}

} // namespace xenlab::fs
