// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/io/byte_source.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace xenlab::io {

std::size_t read_full(ByteSource& source, std::span<std::byte> buffer)
{
    std::size_t done = 0;
    while (done < buffer.size()) {
        const std::size_t n = source.read(buffer.subspan(done));
        if (n == 0)
            break;
        done += n;
    }
    return done;
}

void read_exactly(ByteSource& source, std::span<std::byte> buffer, std::string_view what)
{
    const std::size_t n = read_full(source, buffer);
    if (n < buffer.size())
        throw Error(Errc::bad_data,
                    fmt::format("{}: ends after {} of {} bytes", what, n, buffer.size()));
}

std::uint64_t drain(ByteSource& source)
{
    std::vector<std::byte> scratch(1U << 16U);
    std::uint64_t total = 0;
    while (const std::size_t n = source.read(scratch))
        total += n;
    return total;
}

std::size_t MemorySource::read(std::span<std::byte> buffer)
{
    const std::size_t n = std::min(buffer.size(), data_.size() - at_);
    std::copy_n(data_.begin() + static_cast<std::ptrdiff_t>(at_), n, buffer.begin());
    at_ += n;
    return n;
}

} // namespace xenlab::io
