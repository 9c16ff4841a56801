// SPDX-License-Identifier: GPL-3.0-or-later
// Classic pcap, strictly: what tcpdump -w - writes on a host that is not trusted. Format:
// draft-ietf-opsawg-pcap; magic numbers of microseconds and nanoseconds, both byte orders.
#pragma once

#include <xenlab/io/byte_source.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace xenlab::pcap {

inline constexpr std::uint32_t link_ethernet = 1;
inline constexpr std::uint32_t link_user0 = 147; ///< LINKTYPE_USER0: private use

/// Most bytes of one packet that are believed; tcpdump's own limit.
inline constexpr std::uint32_t most_captured = 262'144;

struct Header {
    std::uint32_t link_type = link_ethernet;
    std::uint32_t snap_length = 0;
};

struct Packet {
    std::uint64_t time = 0;            ///< nanoseconds since 1970, as the capturing host saw it
    std::uint32_t original_length = 0; ///< on the wire; at least data.size()
    std::span<const std::byte> data;   ///< valid until the next call that reads
};

/// One thread. Borrows the source. Throws StreamError: truncated inside of a header or record,
/// corrupt for what is no pcap, an impossible length, a time beyond its second.
class Reader {
  public:
    /// Reads the header; nothing if the source ends before its first byte.
    static std::optional<Reader> open(io::ByteSource& source);

    [[nodiscard]] const Header& header() const noexcept { return header_; }

    /// Nothing at the end, which must be between two records.
    std::optional<Packet> next();

    /// True when the next record is here already, and next() reads nothing: packets that it gave
    /// before stay valid.
    [[nodiscard]] bool has_more() const;

  private:
    explicit Reader(io::ByteSource& source);
    bool fill(std::size_t count);
    [[nodiscard]] std::uint32_t number(std::size_t offset) const;

    io::ByteSource* source_;
    std::vector<std::byte> buffer_;
    std::size_t at_ = 0, end_ = 0; ///< of what is in there
    Header header_;
    bool big_endian_ = false;
    std::uint32_t fractions_ = 1'000'000; ///< of a second
};

} // namespace xenlab::pcap
