// SPDX-License-Identifier: GPL-3.0-or-later
// One continuous capture out of many sources: pcapng or classic pcap, to a pipe, a file or a ring
// of files.
#pragma once

#include "options.hpp"

#include <xenlab/io/byte_sink.hpp>
#include <xenlab/pcap/writer.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace vifcap {

/// A pipe whose reader may stall for ever: writes wait with poll(2) and end when `stop` is
/// requested a while ago.
std::unique_ptr<xenlab::io::ByteSink> pipe_sink(int fd, const std::string& name,
                                                std::stop_token stop);

struct OutputOptions {
    std::string path; ///< "-" with `sink`; else a file
    xenlab::io::ByteSink* sink = nullptr;
    bool classic = false;
    bool events = true;
    Rotation rotation;
    std::uint64_t most_packets = 0;      ///< 0: no limit
    std::function<void()> limit_reached; ///< called once, by whoever writes the last packet
};

/// Thread-safe. A write that waits makes the other writers wait, which is what stops the hosts.
class Output {
  public:
    explicit Output(OutputOptions options);
    ~Output();
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    /// A new interface block; the number is good for this Output only. Throws Error{failed} when
    /// classic pcap cannot hold another link type. `comment` goes to the first packet.
    std::uint32_t open(const xenlab::pcap::Interface& interface, std::string comment);
    /// Writes them and shows them to whoever reads. How many it were: fewer when the limit was
    /// reached.
    std::size_t packets(std::uint32_t source, std::span<const xenlab::pcap::Packet> packets);
    void close(std::uint32_t source, const xenlab::pcap::Statistics& statistics);
    /// A row among the packets.
    void event(const std::string& words, std::uint64_t time);
    void finish();
    /// After a failure: keeps what was written before it, if there was a packet. The file's name;
    /// empty when there is none.
    std::string salvage() noexcept;

    [[nodiscard]] std::uint64_t packets() const noexcept { return packets_; }
    [[nodiscard]] const std::vector<std::string>& files() const noexcept { return files_; }

  private:
    struct Source {
        xenlab::pcap::Interface interface;
        std::string comment;  ///< of the first packet, then empty
        std::uint32_t id = 0; ///< in the current file
        bool closed = false;
    };
    class Blocks;
    void begin_file();
    void end_file();
    void rotate_if_due();
    void write(Source& source, const xenlab::pcap::Packet& packet);
    std::uint32_t events_interface();

    OutputOptions options_;
    std::mutex mutex_;
    std::unique_ptr<xenlab::io::OutputFile> file_;
    std::unique_ptr<Blocks> blocks_; ///< writes to file_
    std::unique_ptr<xenlab::pcap::NgWriter> ng_;
    std::unique_ptr<xenlab::pcap::ClassicWriter> classic_;
    std::vector<Source> sources_;
    std::optional<std::uint32_t> events_;
    std::atomic<std::uint64_t> packets_ = 0;
    std::uint32_t classic_link_ = 0;
    unsigned file_number_ = 0;
    std::vector<std::string> files_;
    bool full_ = false;
};

} // namespace vifcap
