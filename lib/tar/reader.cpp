// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/text.hpp>
#include <xenlab/tar/reader.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::tar {

HeaderError::HeaderError(std::uint64_t offset, const std::string& words)
    : Error(Errc::bad_data, fmt::format("at byte {}: {}", offset, words)), offset_(offset)
{
}

Reader::Reader(io::ByteSource& source, std::size_t read_ahead)
    : source_(source), buffer_(std::max(read_ahead, 2 * block_size))
{
}

/// At least `least` unread bytes in the buffer; false when the source ends before.
bool Reader::fill(std::size_t least)
{
    if (end_ - begin_ >= least)
        return true;
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
    while (end_ < least) {
        const std::size_t n = source_.read(std::span(buffer_).subspan(end_));
        if (n == 0)
            return false;
        end_ += n;
    }
    return true;
}

/// Some bytes: out of the buffer first, then straight from the source into the caller's memory.
std::size_t Reader::take(std::span<std::byte> buffer)
{
    std::size_t n = std::min(buffer.size(), end_ - begin_);
    if (n > 0) {
        std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), n, buffer.begin());
        begin_ += n;
    } else if (buffer.size() >= buffer_.size() / 2) {
        n = source_.read(buffer);
    } else if (fill(1)) {
        return take(buffer);
    }
    offset_ += n;
    return n;
}

std::size_t Reader::read(std::span<std::byte> buffer)
{
    if (remaining_ < buffer.size())
        buffer = buffer.first(static_cast<std::size_t>(remaining_));
    if (buffer.empty())
        return 0;
    const std::size_t n = take(buffer);
    if (n == 0)
        throw io::StreamError(io::Damage::truncated,
                              fmt::format("the archive is cut off at byte {}, inside {}", offset_,
                                          text::quoted(entry_name_)));
    remaining_ -= n;
    return n;
}

void Reader::skip_content()
{
    const std::uint64_t wanted = remaining_ + padding_;
    const std::uint64_t held = std::min<std::uint64_t>(wanted, end_ - begin_);
    begin_ += static_cast<std::size_t>(held);
    const std::uint64_t skipped = held + (held < wanted ? source_.skip(wanted - held) : 0);
    offset_ += skipped;
    if (skipped < wanted)
        throw io::StreamError(io::Damage::truncated,
                              fmt::format("the archive is cut off at byte {}, inside {}", offset_,
                                          text::quoted(entry_name_)));
    remaining_ = padding_ = 0;
}

void Reader::go_on_at(std::uint64_t offset)
{
    if (offset < offset_)
        throw HeaderError(offset, "the archive is read forward only");
    remaining_ = offset - offset_;
    padding_ = 0;
}

/// The next block without consuming it; shorter only at the end of the source.
std::span<const std::byte> Reader::peek_block()
{
    fill(block_size);
    return std::span<const std::byte>(buffer_).subspan(begin_, std::min(block_size, end_ - begin_));
}

std::optional<Header> Reader::next()
{
    if (ending_ != Ending::open)
        return std::nullopt;
    skip_content();
    header_offset_ = offset_;
    auto block = peek_block();
    if (block.empty()) {
        ending_ = Ending::missing;
        return std::nullopt;
    }
    if (block.size() < block_size)
        throw io::StreamError(io::Damage::truncated,
                              fmt::format("the archive is cut off at byte {}, inside a tar header",
                                          offset_ + block.size()));
    if (is_zero(block)) {
        begin_ += block_size;
        offset_ += block_size;
        block = peek_block();
        if (!is_zero(block))
            throw HeaderError(offset_, "a single zero block inside the archive");
        ending_ = block.size() == block_size ? Ending::blocks : Ending::lone_block;
        begin_ += block.size();
        offset_ += block.size();
        return std::nullopt;
    }
    std::string why;
    auto header = parse_header(block, &why);
    if (!header)
        throw HeaderError(offset_, why);
    begin_ += block_size;
    offset_ += block_size;
    remaining_ = header->size;
    padding_ = padding(header->size);
    entry_name_ = header->name;
    return header;
}

bool Reader::resync(const std::function<bool(const Header&)>& wanted)
{
    remaining_ = padding_ = 0;
    for (;;) {
        const auto block = peek_block();
        if (block.size() < block_size) {
            begin_ = end_;
            offset_ += block.size();
            ending_ = Ending::missing;
            return false;
        }
        const auto header = parse_header(block);
        if (header && wanted(*header))
            return true;
        begin_ += block_size;
        offset_ += block_size;
    }
}

std::optional<std::uint64_t> Reader::trailing_garbage()
{
    std::optional<std::uint64_t> first;
    for (;;) {
        const auto rest = std::span<const std::byte>(buffer_).subspan(begin_, end_ - begin_);
        const auto found =
            std::find_if(rest.begin(), rest.end(), [](std::byte b) { return b != std::byte{0}; });
        if (!first && found != rest.end())
            first = offset_ + static_cast<std::uint64_t>(found - rest.begin());
        offset_ += rest.size();
        begin_ = end_ = 0;
        end_ = source_.read(buffer_);
        if (end_ == 0)
            return first;
    }
}

} // namespace xenlab::tar
