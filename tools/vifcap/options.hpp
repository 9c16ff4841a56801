// SPDX-License-Identifier: GPL-3.0-or-later
// What the command line says.
#pragma once

#include <xenlab/lab/connect.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vifcap {

struct Rotation {
    std::uint64_t size = 0; ///< bytes of a file; 0: no rotation
    unsigned files = 0;     ///< kept; 0: all
};

struct Options {
    xenlab::lab::ConnectOptions connect;
    std::vector<std::string> vms; ///< VM[:N]
    std::string write;            ///< -w; empty: decided by where standard output goes
    std::uint64_t count = 0;
    std::chrono::milliseconds duration{0};
    Rotation rotation;
    std::uint64_t snap_length = 0; ///< 0: whole packets
    bool follow = false;
    bool once = false;
    bool classic = false; ///< --pcap
    bool strict = false;
    bool buffered = false;
    bool no_events = false;
    std::string side = "both";
    std::string ssh_config;
    std::string ssh_host;
    std::string interface;
    std::optional<unsigned> domid;
    std::string vm_uuid;
    std::optional<std::chrono::milliseconds> enable_ssh;
    bool list = false;
    bool reap = false;
    std::vector<std::string> filter; ///< words after --

    // Wireshark's extcap protocol.
    bool extcap_interfaces = false;
    bool extcap_dlts = false;
    bool extcap_config = false;
    bool capture = false;
    std::string extcap_interface, extcap_version, extcap_filter, fifo;
};

} // namespace vifcap
