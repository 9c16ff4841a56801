// SPDX-License-Identifier: GPL-3.0-or-later
// Filter expressions of pcap-filter(7), checked here so that a slip is told before anything is
// connected.
#pragma once

#include <string>

namespace xenlab::pcap {

/// Compiles for Ethernet with libpcap, which must not look names up. Throws Error{usage} with
/// libpcap's words.
void check_filter(const std::string& expression);

/// "(FILTER) and not (tcp and host A and port P …)" for one TCP connection; FILTER may be empty.
/// Addresses must be numeric: Error{bad_data} otherwise, as they come from the host.
std::string without_connection(const std::string& filter, const std::string& address_a,
                               const std::string& port_a, const std::string& address_b,
                               const std::string& port_b);

} // namespace xenlab::pcap
