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
        throw StreamError(Damage::truncated,
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

std::uint64_t ByteSource::skip(std::uint64_t count)
{
    std::vector<std::byte> scratch(std::min<std::uint64_t>(count, 1U << 16U));
    std::uint64_t done = 0;
    while (done < count) {
        const std::uint64_t wanted = std::min<std::uint64_t>(scratch.size(), count - done);
        const std::size_t n = read(std::span(scratch).first(static_cast<std::size_t>(wanted)));
        if (n == 0)
            break;
        done += n;
    }
    return done;
}

std::span<const std::byte> PeekSource::peek(std::size_t count)
{
    if (at_ == 0 && head_.size() < count) {
        const std::size_t have = head_.size();
        head_.resize(count);
        head_.resize(have + read_full(*source_, std::span(head_).subspan(have)));
    }
    const auto rest = std::span<const std::byte>(head_).subspan(at_);
    return rest.first(std::min(count, rest.size()));
}

std::size_t PeekSource::read(std::span<std::byte> buffer)
{
    if (at_ == head_.size())
        return source_->read(buffer);
    const std::size_t n = std::min(buffer.size(), head_.size() - at_);
    std::copy_n(head_.begin() + static_cast<std::ptrdiff_t>(at_), n, buffer.begin());
    at_ += n;
    return n;
}

std::uint64_t PeekSource::skip(std::uint64_t count)
{
    const std::uint64_t held = std::min<std::uint64_t>(count, head_.size() - at_);
    at_ += static_cast<std::size_t>(held);
    return held + (held < count ? source_->skip(count - held) : 0);
}

std::size_t MemorySource::read(std::span<std::byte> buffer)
{
    const std::size_t n = std::min(buffer.size(), data_.size() - at_);
    std::copy_n(data_.begin() + static_cast<std::ptrdiff_t>(at_), n, buffer.begin());
    at_ += n;
    return n;
}

} // namespace xenlab::io
