// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/block/block_device.hpp>

#include <fmt/format.h>

namespace xenlab::block {

std::vector<Extent> BlockDevice::extents(std::uint64_t offset, std::uint64_t length)
{
    check_range(size(), offset, length);
    if (length == 0)
        return {};
    return {{.offset = offset, .length = length, .hole = false}};
}

void BlockDevice::write(std::uint64_t /*offset*/, std::span<const std::byte> /*data*/)
{
    throw Error(Errc::precondition, "this disk source is read-only");
}

void check_range(std::uint64_t device_size, std::uint64_t offset, std::uint64_t length)
{
    if (offset > device_size || length > device_size - offset)
        throw Error(Errc::bad_data, fmt::format("{} bytes at {} lie outside the disk of {} bytes",
                                                length, offset, device_size));
}

} // namespace xenlab::block
