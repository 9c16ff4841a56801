// SPDX-License-Identifier: GPL-3.0-or-later
#include "ext_library.hpp"

#include <xenlab/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

namespace xenlab::fs {
namespace {

// The library passes a name to open() and nothing else.
thread_local ExtLibrary::Io* opening = nullptr;

ExtLibrary::Io& io_of(io_channel channel)
{
    return *static_cast<ExtLibrary::Io*>(channel->private_data);
}

/// No exception crosses the library: it is kept, and thrown again by check().
template <typename Function>
errcode_t guarded(ExtLibrary::Io& io, errcode_t failure, Function function)
{
    try {
        function();
        return 0;
    } catch (...) {
        io.failure = std::current_exception();
        return failure;
    }
}

io_manager the_manager();

errcode_t io_open(const char* /*name*/, int /*flags*/, io_channel* result)
{
    static char name[] = "volume";
    auto channel = std::make_unique<struct_io_channel>();
    channel->magic = EXT2_ET_MAGIC_IO_CHANNEL;
    channel->manager = the_manager();
    channel->name = name;
    channel->block_size = 1024;
    channel->refcount = 1;
    channel->private_data = opening;
    *result = channel.release();
    return 0;
}

errcode_t io_close(io_channel channel)
{
    if (--channel->refcount > 0)
        return 0;
    const std::unique_ptr<struct_io_channel> owned(channel);
    return 0;
}

errcode_t io_set_block_size(io_channel channel, int size)
{
    channel->block_size = size;
    return 0;
}

/// A negative count is a number of bytes.
std::size_t length_of(io_channel channel, int count)
{
    return count < 0
               ? static_cast<std::size_t>(-static_cast<std::int64_t>(count))
               : static_cast<std::size_t>(count) * static_cast<std::size_t>(channel->block_size);
}

errcode_t io_read(io_channel channel, unsigned long long block, int count, void* data)
{
    return guarded(io_of(channel), EXT2_ET_SHORT_READ, [&] {
        const auto size = static_cast<unsigned>(channel->block_size);
        if (block > std::numeric_limits<std::uint64_t>::max() / size)
            throw Error(Errc::bad_data, "a block number is past the end of the filesystem");
        io_of(channel).device->read(block * size,
                                    {static_cast<std::byte*>(data), length_of(channel, count)});
    });
}

errcode_t io_write(io_channel channel, unsigned long long block, int count, const void* data)
{
    return guarded(io_of(channel), EXT2_ET_SHORT_WRITE, [&] {
        const auto size = static_cast<unsigned>(channel->block_size);
        if (block > std::numeric_limits<std::uint64_t>::max() / size)
            throw Error(Errc::bad_data, "a block number is past the end of the filesystem");
        io_of(channel).device->write(
            block * size, {static_cast<const std::byte*>(data), length_of(channel, count)});
    });
}

errcode_t io_read32(io_channel channel, unsigned long block, int count, void* data)
{
    return io_read(channel, block, count, data);
}

errcode_t io_write32(io_channel channel, unsigned long block, int count, const void* data)
{
    return io_write(channel, block, count, data);
}

errcode_t io_write_byte(io_channel channel, unsigned long offset, int count, const void* data)
{
    return guarded(io_of(channel), EXT2_ET_SHORT_WRITE, [&] {
        io_of(channel).device->write(
            offset, {static_cast<const std::byte*>(data), static_cast<std::size_t>(count)});
    });
}

errcode_t io_flush(io_channel /*channel*/)
{
    return 0; // whoever commits the overlay flushes
}

struct_io_manager make_manager()
{
    struct_io_manager manager{};
    manager.magic = EXT2_ET_MAGIC_IO_MANAGER;
    manager.name = "xenlab";
    manager.open = io_open;
    manager.close = io_close;
    manager.set_blksize = io_set_block_size;
    manager.read_blk = io_read32;
    manager.write_blk = io_write32;
    manager.flush = io_flush;
    manager.write_byte = io_write_byte;
    manager.read_blk64 = io_read;
    manager.write_blk64 = io_write;
    return manager;
}

io_manager the_manager()
{
    static struct_io_manager manager = make_manager();
    return &manager;
}

} // namespace

ExtLibrary::ExtLibrary(block::BlockDevice& device, bool write) : device_(device)
{
    static const bool words = (initialize_ext2_error_table(), true);
    static_cast<void>(words);
    io_.device = &device_;
    opening = &io_;
    const int flags = EXT2_FLAG_64BITS | (write ? EXT2_FLAG_RW : 0);
    const errcode_t code = ext2fs_open2("volume", nullptr, flags, 0, 0, the_manager(), &fs_);
    opening = nullptr;
    if (code != 0)
        fs_ = nullptr;
    if (code == EXT2_ET_UNSUPP_FEATURE || code == EXT2_ET_RO_UNSUPP_FEATURE)
        throw Error(Errc::precondition,
                    write ? "the ext filesystem uses features that cannot be written here"
                          : "the ext filesystem uses features that are not known here");
    check(code, "cannot open the ext filesystem");
}

ExtLibrary::~ExtLibrary()
{
    if (fs_ == nullptr)
        return;
    fs_->flags &= ~(EXT2_FLAG_DIRTY | EXT2_FLAG_IB_DIRTY | EXT2_FLAG_BB_DIRTY);
    ext2fs_free(fs_);
}

void ExtLibrary::check(errcode_t code, std::string_view what) const
{
    if (code == 0)
        return;
    if (const auto failure = std::exchange(io_.failure, nullptr))
        std::rethrow_exception(failure);
    const Errc kind =
        code == EXT2_ET_BLOCK_ALLOC_FAIL || code == EXT2_ET_INODE_ALLOC_FAIL || code == ENOSPC
            ? Errc::failed
            : Errc::bad_data;
    throw Error(kind, fmt::format("{}: {}", what, error_message(code)));
}

ext2_inode ExtLibrary::read_inode(ext2_ino_t number, std::vector<std::byte>* whole) const
{
    if (number == 0 || number > fs_->super->s_inodes_count)
        throw Error(Errc::bad_data, fmt::format("there is no inode {}", number));
    std::vector<std::byte> buffer(
        std::max<std::size_t>(EXT2_INODE_SIZE(fs_->super), sizeof(ext2_inode_large)));
    auto* inode = reinterpret_cast<ext2_inode*>(buffer.data()); // NOLINT: the library's way
    check(ext2fs_read_inode_full(fs_, number, inode, static_cast<int>(buffer.size())),
          fmt::format("inode {}", number));
    const ext2_inode copy = *inode;
    if (whole != nullptr) {
        buffer.resize(EXT2_INODE_SIZE(fs_->super));
        *whole = std::move(buffer);
    }
    return copy;
}

void ExtLibrary::close()
{
    ext2_filsys fs = fs_;
    fs_ = nullptr;
    const errcode_t code = ext2fs_close_free(&fs);
    check(code, "cannot write the ext filesystem");
}

} // namespace xenlab::fs
