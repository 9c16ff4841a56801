// SPDX-License-Identifier: GPL-3.0-or-later
// Ports of the server that lead to clients: DNAT rules of iptables, each with a comment that names
// it, so that ours are told from all others whatever iptables makes of their words.
//
//   iptables -t nat -A PREROUTING -i eth0 -p tcp --dport 3390 -m comment --comment
//   xenlab:tcp-3390 -j DNAT --to-destination 192.168.1.50:3389
#pragma once

#include <xenlab/drbl/records.hpp>
#include <xenlab/drbl/scripts.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::drbl {

struct Forward {
    std::string name;     ///< "tcp-3390" unless chosen: [a-z0-9-], 32 at most
    std::string protocol; ///< tcp or udp
    std::uint16_t listen = 0;
    std::string client; ///< its address
    std::uint16_t port = 0;
    std::string interface;   ///< of the server, where connections come in; empty: any
    bool masquerade = false; ///< clients see the server as the sender and need no route back
    bool operator==(const Forward&) const = default;

    /// The line of /etc/xenlab/drbl-forwards.
    [[nodiscard]] std::string line() const;
};

/// "3390:192.168.1.50:3389", "udp/53:10.0.0.5:53". Throws Error{usage}.
Forward parse_forward(std::string_view text);
/// Fills the name; throws Error{usage} for a field that is not on the list.
void require_valid(Forward& forward);

struct ForwardState {
    Forward forward;
    bool active = false; ///< the kernel has it
    bool saved = false;  ///< it comes back after a reboot
    unsigned times = 0;  ///< rules in the kernel; more than one is somebody's slip
};

struct Forwards {
    std::vector<ForwardState> list; ///< by protocol and port
    bool ip_forward = false;
    bool forward_drops = false; ///< the policy of the chain FORWARD is not ACCEPT
    bool persistent = false;    ///< the replay at boot is set up
    /// Other people's DNAT rules as "tcp 3390", which a new one would not get past.
    std::vector<std::string> foreign;
};

/// Topic "forwards".
Forwards read_forwards(const std::vector<Record>& records);

/// Adds a forward once; `save` also makes it come back after reboots and drbl-nat-rules.
RemoteScript add_forward(const Forward& forward, bool save, bool enable_ip_forward);
/// Removes every rule of that name, and its line.
RemoteScript remove_forward(std::string_view name);
/// Makes all these come back, and sets up the replay.
RemoteScript save_forwards(const std::vector<Forward>& forwards);

} // namespace xenlab::drbl
