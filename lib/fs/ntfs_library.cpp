// SPDX-License-Identifier: GPL-3.0-or-later
#include "ntfs_library.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <linux/fs.h>

namespace xenlab::fs {
namespace {

NtfsLibrary::Io& io_of(ntfs_device* device)
{
    return *static_cast<NtfsLibrary::Io*>(device->d_private);
}

/// As the library's NDevSet… and NDevClear…, which mix signs.
void set_state(ntfs_device* device, ntfs_device_state_bits bit, bool on)
{
    const unsigned long mask = 1UL << static_cast<unsigned>(bit);
    device->d_state = on ? device->d_state | mask : device->d_state & ~mask;
}

/// Answers -1 and EIO where `function` throws; no exception crosses the library.
template <typename Function>
s64 guarded(NtfsLibrary::Io& io, Function function)
{
    try {
        return function();
    } catch (...) {
        io.failure = std::current_exception();
        errno = EIO;
        return -1;
    }
}

s64 read_at(ntfs_device* device, void* buffer, s64 count, s64 offset)
{
    NtfsLibrary::Io& io = io_of(device);
    const std::uint64_t size = io.device->size();
    if (count < 0 || offset < 0) {
        errno = EINVAL;
        return -1;
    }
    if (static_cast<std::uint64_t>(offset) >= size)
        return 0;
    const auto n = std::min<std::uint64_t>(static_cast<std::uint64_t>(count),
                                           size - static_cast<std::uint64_t>(offset));
    return guarded(io, [&] {
        io.device->read(static_cast<std::uint64_t>(offset),
                        {static_cast<std::byte*>(buffer), static_cast<std::size_t>(n)});
        return static_cast<s64>(n);
    });
}

s64 write_at(ntfs_device* device, const void* buffer, s64 count, s64 offset)
{
    NtfsLibrary::Io& io = io_of(device);
    if (count < 0 || offset < 0 || NDevReadOnly(device)) {
        errno = NDevReadOnly(device) ? EROFS : EINVAL;
        return -1;
    }
    set_state(device, ND_Dirty, true);
    return guarded(io, [&] {
        io.device->write(static_cast<std::uint64_t>(offset),
                         {static_cast<const std::byte*>(buffer), static_cast<std::size_t>(count)});
        return count;
    });
}

int dev_open(ntfs_device* device, int flags)
{
    set_state(device, ND_Open, true);
    set_state(device, ND_ReadOnly, (flags & O_RDWR) != O_RDWR);
    return 0;
}

int dev_close(ntfs_device* device)
{
    set_state(device, ND_Open, false);
    return 0;
}

s64 dev_seek(ntfs_device* device, s64 offset, int whence)
{
    NtfsLibrary::Io& io = io_of(device);
    const auto size = static_cast<std::int64_t>(io.device->size());
    const std::int64_t base = whence == SEEK_CUR ? io.position : whence == SEEK_END ? size : 0;
    if (offset > size || offset < -size || base + offset < 0) {
        errno = EINVAL;
        return -1;
    }
    return io.position = base + offset;
}

s64 dev_read(ntfs_device* device, void* buffer, s64 count)
{
    const s64 n = read_at(device, buffer, count, io_of(device).position);
    if (n > 0)
        io_of(device).position += n;
    return n;
}

s64 dev_write(ntfs_device* device, const void* buffer, s64 count)
{
    const s64 n = write_at(device, buffer, count, io_of(device).position);
    if (n > 0)
        io_of(device).position += n;
    return n;
}

int dev_sync(ntfs_device* device)
{
    set_state(device, ND_Dirty, false);
    return 0;
}

int dev_stat(ntfs_device* device, struct stat* result)
{
    *result = {};
    result->st_mode = S_IFREG | 0600;
    result->st_size = static_cast<off_t>(io_of(device).device->size());
    return 0;
}

int dev_ioctl(ntfs_device* device, unsigned long request, void* argument)
{
    if (request == BLKGETSIZE64) {
        *static_cast<std::uint64_t*>(argument) = io_of(device).device->size();
        return 0;
    }
    errno = EOPNOTSUPP;
    return -1;
}

ntfs_device_operations operations = {
    .open = dev_open,
    .close = dev_close,
    .seek = dev_seek,
    .read = dev_read,
    .write = dev_write,
    .pread = read_at,
    .pwrite = write_at,
    .sync = dev_sync,
    .stat = dev_stat,
    .ioctl = dev_ioctl,
};

ntfs_mount_flags flags_of(NtfsLibrary::Mode mode)
{
    switch (mode) {
    case NtfsLibrary::Mode::read:
        return NTFS_MNT_RDONLY | NTFS_MNT_FORENSIC;
    case NtfsLibrary::Mode::write:
        return NTFS_MNT_NONE;
    case NtfsLibrary::Mode::recover:
        return NTFS_MNT_RECOVER;
    }
    return NTFS_MNT_RDONLY;
}

Error refusal(int code, bool writing)
{
    if (writing && code == EPERM)
        return {Errc::precondition,
                "Windows is hibernated or was shut down with fast startup: its volumes belong to "
                "the sleeping system",
                "start Windows and shut it down with: shutdown /s /f /t 0 (or powercfg /h off)"};
    if (writing && code == EOPNOTSUPP)
        return {Errc::precondition, "the NTFS log is dirty: Windows was not shut down cleanly",
                "start and shut down Windows, or use --recover"};
    return {Errc::bad_data, fmt::format("cannot open the NTFS volume: {}", std::strerror(code))};
}

} // namespace

NtfsLibrary::NtfsLibrary(block::BlockDevice& device, Mode mode) : device_(device)
{
    ntfs_log_set_handler(ntfs_log_handler_null);
    io_.device = &device_;
    ntfs_device* handle = ntfs_device_alloc("volume", 0, &operations, &io_);
    if (handle == nullptr)
        fail("cannot open the NTFS volume");
    errno = 0;
    volume_ = ntfs_device_mount(handle, flags_of(mode));
    if (volume_ == nullptr) {
        const int code = errno;
        ntfs_device_free(handle);
        if (io_.failure)
            std::rethrow_exception(std::exchange(io_.failure, nullptr));
        throw refusal(code, mode != Mode::read);
    }
    ntfs_set_ignore_case(volume_); // makes the table for match_case(false)
    match_case(true);
    ntfs_set_shown_files(volume_, TRUE, TRUE, FALSE);
}

NtfsLibrary::~NtfsLibrary()
{
    if (volume_ != nullptr)
        ntfs_umount(volume_, TRUE);
}

void NtfsLibrary::fail(std::string_view what) const
{
    const int code = errno;
    if (const auto failure = std::exchange(io_.failure, nullptr))
        std::rethrow_exception(failure);
    const Errc kind = code == ENOSPC       ? Errc::failed
                      : code == ENOENT     ? Errc::not_found
                      : code == EOPNOTSUPP ? Errc::precondition
                                           : Errc::bad_data;
    throw Error(kind, fmt::format("{}: {}", what, std::strerror(code)));
}

void NtfsLibrary::match_case(bool exact) const noexcept
{
    const unsigned long bit = 1UL << static_cast<unsigned>(NV_CaseSensitive);
    volume_->state = exact ? volume_->state | bit : volume_->state & ~bit;
}

InodePtr NtfsLibrary::open_inode(std::uint64_t reference) const
{
    InodePtr inode(ntfs_inode_open(volume_, reference));
    if (!inode)
        fail(fmt::format("record {} of the NTFS volume", MREF(reference)));
    return inode;
}

AttributePtr NtfsLibrary::open_data(ntfs_inode* inode, const std::u16string& stream) const
{
    std::u16string name = stream;
    auto* units = name.empty() ? AT_UNNAMED : reinterpret_cast<ntfschar*>(name.data()); // NOLINT
    return AttributePtr(ntfs_attr_open(inode, AT_DATA, units, static_cast<u32>(name.size())));
}

void NtfsLibrary::close()
{
    ntfs_volume* volume = std::exchange(volume_, nullptr);
    if (ntfs_umount(volume, FALSE) != 0 || io_.failure)
        fail("cannot write the NTFS volume");
}

std::u16string to_utf16(std::string_view utf8)
{
    std::u16string result;
    while (!utf8.empty()) {
        const char32_t c = text::next_code_point(utf8).value_or(0xfffd);
        if (c >= 0x10000) {
            result += static_cast<char16_t>(0xd800 + ((c - 0x10000) >> 10U));
            result += static_cast<char16_t>(0xdc00 + ((c - 0x10000) & 0x3ffU));
        } else {
            result += static_cast<char16_t>(c);
        }
    }
    return result;
}

} // namespace xenlab::fs
