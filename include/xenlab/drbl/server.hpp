// SPDX-License-Identifier: GPL-3.0-or-later
// What a DRBL server says about itself (the topics of lib/drbl/survey.pl).
#pragma once

#include <xenlab/drbl/records.hpp>
#include <xenlab/drbl/targets.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace xenlab::drbl {

struct ServerFacts {
    bool root = false;
    std::int64_t time = 0; ///< seconds since 1970, by the server's clock
    std::string image_root;
    std::optional<std::uint64_t> image_space, image_free; ///< bytes of its filesystem
};

/// Throws Error{precondition} when the machine is no DRBL server.
ServerFacts read_facts(const std::vector<Record>& records);

/// Topic "clients": dhcpd.conf's hosts, its dynamic ranges, and the groups in /etc/drbl.
Clients read_clients(const std::vector<Record>& records);

/// Whether the server has a program (topics "programs" and "doctor"); nothing when it did not say.
std::optional<bool> has_program(const std::vector<Record>& records, std::string_view name);

/// One thing that doctor looked at.
struct Finding {
    enum class Verdict { ok, warning, bad } verdict = Verdict::ok;
    std::string subject, words;
};

/// Topics "doctor", "job" and "clients".
std::vector<Finding> examine(const std::vector<Record>& records);

/// Ports, as "22 2049 6461" in a record.
std::set<unsigned> read_ports(std::string_view text);

} // namespace xenlab::drbl
