// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/bytes/endian.hpp>
#include <xenlab/pcap/reader.hpp>

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstring>

namespace xenlab::pcap {
namespace {

constexpr std::size_t header_size = 24;
constexpr std::size_t record_size = 16;
constexpr std::size_t buffer_size = 512U << 10U;
static_assert(buffer_size >= record_size + most_captured);

io::StreamError corrupt(const std::string& words)
{
    return {io::Damage::corrupt, "pcap stream: " + words};
}

} // namespace

/// False when the source ends before there are `count` bytes.
bool Reader::fill(std::size_t count)
{
    if (buffer_.size() - at_ < count) { // a packet always fits once the rest is moved to the front
        std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
        end_ -= at_;
        at_ = 0;
    }
    while (end_ - at_ < count) {
        const std::size_t n = source_->read(std::span(buffer_).subspan(end_));
        if (n == 0)
            return false;
        end_ += n;
    }
    return true;
}

std::uint32_t Reader::number(std::size_t offset) const
{
    return big_endian_ ? bytes::be32(buffer_, at_ + offset) : bytes::le32(buffer_, at_ + offset);
}

Reader::Reader(io::ByteSource& source) : source_(&source), buffer_(buffer_size) {}

std::optional<Reader> Reader::open(io::ByteSource& source)
{
    Reader reader(source);
    if (!reader.fill(header_size)) {
        if (reader.end_ == 0)
            return std::nullopt;
        throw io::StreamError(io::Damage::truncated, "pcap stream: ends inside of its header");
    }
    const auto is = [&](std::uint32_t magic) { return reader.number(0) == magic; };
    for (const bool big : {false, true}) {
        reader.big_endian_ = big;
        if (is(0xa1b2c3d4) || is(0xa1b23c4d)) {
            reader.fractions_ = is(0xa1b2c3d4) ? 1'000'000 : 1'000'000'000;
            break;
        }
        if (big)
            throw corrupt("no pcap magic number");
    }
    const std::uint32_t version = reader.number(4);
    const std::uint32_t major = reader.big_endian_ ? version >> 16U : version & 0xffffU;
    if (major != 2)
        throw corrupt(fmt::format("version {} is not known", major));
    reader.header_.snap_length = reader.number(16);
    // The upper bits say whether frames end with a checksum, and how long it is.
    reader.header_.link_type = reader.number(20) & 0xffffU;
    if (reader.header_.snap_length == 0 || reader.header_.snap_length > most_captured)
        reader.header_.snap_length = most_captured; // written so for "no limit"
    reader.at_ += header_size;
    return reader;
}

bool Reader::has_more() const
{
    if (end_ - at_ < record_size)
        return false;
    const std::uint32_t captured = number(8);
    // One that next() does not accept is here, too.
    return captured > most_captured || end_ - at_ - record_size >= captured;
}

std::optional<Packet> Reader::next()
{
    if (!fill(record_size)) {
        if (end_ == at_)
            return std::nullopt;
        throw io::StreamError(io::Damage::truncated, "pcap stream: ends inside of a record header");
    }
    // Checked once: this is what happens a hundred thousand times a second.
    std::array<std::uint32_t, 4> head{};
    std::memcpy(head.data(), buffer_.data() + at_, record_size);
    if (big_endian_ != (std::endian::native == std::endian::big))
        for (std::uint32_t& one : head)
            one = __builtin_bswap32(one);
    const auto [seconds, fraction, captured, original] = head;
    if (captured > most_captured || captured > original)
        throw corrupt(fmt::format("a packet of {} bytes with {} captured", original, captured));
    if (fraction >= fractions_)
        throw corrupt("a time beyond its second");
    if (!fill(record_size + captured))
        throw io::StreamError(io::Damage::truncated, "pcap stream: ends inside of a packet");
    Packet packet;
    packet.time = seconds * 1'000'000'000ULL + fraction * (1'000'000'000ULL / fractions_);
    packet.original_length = original;
    packet.data = std::span<const std::byte>(buffer_).subspan(at_ + record_size, captured);
    at_ += record_size + captured;
    return packet;
}

} // namespace xenlab::pcap
