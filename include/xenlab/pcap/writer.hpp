// SPDX-License-Identifier: GPL-3.0-or-later
// pcapng (draft-ietf-opsawg-pcapng) and classic pcap, made only of what Wireshark 4 shows well
// while the stream grows: one section, an interface block for each source before its first packet,
// packet blocks, statistics. No second section and no custom blocks: live readers lag or misname.
#pragma once

#include <xenlab/io/byte_sink.hpp>
#include <xenlab/pcap/reader.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::pcap {

struct Interface {
    std::string name;        ///< if_name
    std::string description; ///< if_description
    std::string filter;      ///< if_filter, empty: none
    std::uint32_t link_type = link_ethernet;
    std::uint32_t snap_length = 0; ///< 0: no limit
};

struct Statistics {
    std::uint64_t time = 0; ///< ns since 1970
    std::optional<std::uint64_t> received, dropped;
    std::string comment;
};

/// Texts are made valid UTF-8 and cut to what a block holds. Borrows the sink; one thread.
class NgWriter {
  public:
    /// Writes the section header; `application` is "vifcap 0.1.0".
    NgWriter(io::ByteSink& sink, std::string_view application);

    /// The number of the interface in this section.
    std::uint32_t add_interface(const Interface& interface);
    void packet(std::uint32_t interface, const Packet& packet, std::string_view comment = {});
    void statistics(std::uint32_t interface, const Statistics& statistics);

  private:
    io::ByteSink& sink_;
    std::uint32_t interfaces_ = 0;
    std::vector<std::byte> scratch_; ///< one packet block
};

/// Classic pcap with times in microseconds, as everything reads it.
class ClassicWriter {
  public:
    ClassicWriter(io::ByteSink& sink, const Header& header);
    void packet(const Packet& packet);

  private:
    io::ByteSink& sink_;
};

} // namespace xenlab::pcap
