// SPDX-License-Identifier: GPL-3.0-or-later
// tcpdump on one interface of one host, from before it is up until it is gone: one epoch.
#pragma once

#include "output.hpp"
#include "remote_script.hpp"

#include <xenlab/transport/ssh.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>

namespace vifcap {

struct CaptureEnd {
    bool opened = false;   ///< tcpdump ran: the epoch counts
    bool vanished = false; ///< because the interface went
    std::string problem;   ///< tcpdump's words or ours, when it ended otherwise; safe to show
    std::optional<std::uint64_t> received, captured, dropped; ///< tcpdump's counters
    std::uint64_t written = 0;
    std::exception_ptr output_failure;        ///< the output broke: nothing goes on
    [[nodiscard]] std::uint64_t lost() const; ///< received by the filter, but never captured
};

struct CaptureOptions {
    CapturePlan plan;
    std::string label;       ///< "web1:0", for the description
    std::string description; ///< "web1 NIC 0, domid 7 on h1"
    std::string comment;     ///< of the first packet
};

/// Called in the capture's threads.
struct CaptureCallbacks {
    std::function<void()> opened;          ///< tcpdump listens
    std::function<void()> old;             ///< it knows no immediate mode
    std::function<void(CaptureEnd)> ended; ///< once, at the end
};

/// Has threads of its own. Destroying it waits for them, at most a few seconds.
class Capture {
  public:
    Capture(std::shared_ptr<xenlab::transport::SshSession> session, CaptureOptions options,
            Output& output, CaptureCallbacks callbacks);
    ~Capture();
    Capture(const Capture&) = delete;
    Capture& operator=(const Capture&) = delete;

    /// Ends tcpdump; what it has seen still arrives.
    void end();

  private:
    void run(const std::stop_token& stop);
    void read_words(xenlab::transport::SshCommand& command);
    void listens();
    void take_line(const std::string& line);
    bool pass_on(std::span<const xenlab::pcap::Packet> packets);
    void close_source();
    void read_packets(xenlab::transport::SshCommand& command, const std::stop_token& stop);

    std::shared_ptr<xenlab::transport::SshSession> session_;
    CaptureOptions options_;
    Output& output_;
    CaptureCallbacks callbacks_;
    CaptureEnd end_;
    std::once_flag listens_;
    std::uint64_t last_time_ = 0;
    std::optional<std::uint32_t> number_; ///< in the output
    std::stop_source cut_;                ///< ends the remote command's reads
    std::jthread thread_;                 ///< last
};

} // namespace vifcap
