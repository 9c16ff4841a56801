// SPDX-License-Identifier: GPL-3.0-or-later
#include "gzip_header.hpp"

#include <xenlab/bytes/crc32.hpp>
#include <xenlab/io/byte_source.hpp>

namespace xenlab::io {
namespace {

constexpr unsigned has_checksum = 0x02, has_extra = 0x04, has_name = 0x08, has_comment = 0x10;
constexpr unsigned reserved = 0xE0;
constexpr std::size_t fixed_length = 10;

[[noreturn]] void fail()
{
    throw StreamError(Damage::corrupt, "the gzip data is damaged: invalid gzip header");
}

} // namespace

/// Skips fields that the flags do not announce.
void GzipHeader::go_on()
{
    at_ = 0;
    for (;;) {
        state_ = static_cast<State>(static_cast<int>(state_) + 1);
        const bool present = state_ == State::extra_length ? (flags_ & has_extra) != 0
                             : state_ == State::extra      ? extra_length_ != 0
                             : state_ == State::name       ? (flags_ & has_name) != 0
                             : state_ == State::comment    ? (flags_ & has_comment) != 0
                             : state_ == State::checksum   ? (flags_ & has_checksum) != 0
                                                           : true;
        if (present)
            return;
    }
}

void GzipHeader::take_fixed(unsigned byte)
{
    static constexpr unsigned deflate = 8;
    if ((at_ == 0 && byte != 0x1F) || (at_ == 1 && byte != 0x8B) || (at_ == 2 && byte != deflate) ||
        (at_ == 3 && (byte & reserved) != 0))
        fail();
    if (at_ == 3)
        flags_ = byte;
    if (++at_ == fixed_length)
        go_on();
}

void GzipHeader::take_checksum(unsigned byte)
{
    checksum_ |= byte << (8 * at_);
    if (++at_ < 2)
        return;
    if (checksum_ != (crc_ & 0xFFFFU))
        fail();
    go_on();
}

void GzipHeader::take_byte(unsigned byte)
{
    switch (state_) {
    case State::fixed:
        take_fixed(byte);
        break;
    case State::extra_length:
        extra_length_ |= static_cast<std::size_t>(byte) << (8 * at_);
        if (++at_ == 2)
            go_on();
        break;
    case State::extra:
        if (++at_ == extra_length_)
            go_on();
        break;
    case State::name:
    case State::comment:
        if (byte == 0)
            go_on();
        break;
    case State::checksum:
        take_checksum(byte);
        break;
    case State::complete:
        break;
    }
}

std::size_t GzipHeader::take(std::span<const std::byte> in)
{
    std::size_t n = 0;
    while (n < in.size() && !complete()) {
        const bool sums = state_ != State::checksum;
        take_byte(std::to_integer<unsigned>(in[n]));
        if (sums)
            crc_ = bytes::crc32(in.subspan(n, 1), crc_);
        ++n;
    }
    return n;
}

} // namespace xenlab::io
