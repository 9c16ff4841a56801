// SPDX-License-Identifier: GPL-3.0-or-later
// The shell text that runs on a host. Nothing is installed there.
#pragma once

#include <cstdint>
#include <string>

namespace vifcap {

struct CapturePlan {
    std::string interface;
    std::string filter;            ///< checked already; empty: everything
    std::uint64_t snap_length = 0; ///< 0: whole packets
    bool buffered = false;         ///< the host gathers packets
    std::string tag;               ///< who captures, for --reap
};

/// Waits until the interface is up, runs tcpdump on it and ends with it. Its standard output is
/// pcap; on standard error are tcpdump's words and lines that begin with "vifcap: ". Exit status:
/// tcpdump's, or 3 when the interface went before it was up.
std::string capture_script(const CapturePlan& plan);

/// Finds what a killed shell left behind (a tcpdump of ours whose parent is gone), ends it, and
/// prints a line "PID TAG" for each.
std::string reap_script();

} // namespace vifcap
