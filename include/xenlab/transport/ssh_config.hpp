// SPDX-License-Identifier: GPL-3.0-or-later
// ssh_config(5): what the user's files say about a host. Read by us because libssh knows neither
// HostKeyAlias nor IdentitiesOnly nor several known_hosts files, and starts ssh(1) for ProxyJump.
#pragma once

#include <xenlab/transport/ssh.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xenlab::transport {

/// Everything decided: the first value found for a keyword wins, as in ssh(1); defaults fill the
/// rest. Paths have ~ and %-tokens expanded.
///
/// Keywords that work: Host, Match (all, host, originalhost, user, localuser, exec, final,
/// canonical), Include, HostName, Port, User, IdentityFile, CertificateFile, IdentitiesOnly,
/// IdentityAgent, ProxyJump, ProxyCommand, HostKeyAlias, HostKeyAlgorithms, KexAlgorithms, Ciphers,
/// MACs, Compression, PubkeyAcceptedAlgorithms (-KeyTypes), UserKnownHostsFile,
/// GlobalKnownHostsFile, StrictHostKeyChecking, ConnectTimeout, ServerAliveInterval,
/// ServerAliveCountMax, AddressFamily, BindAddress. Others are ignored, as are all that would
/// weaken the check of host keys.
struct SshSettings {
    SshTarget given; ///< as the user said it
    std::string host, user;
    std::uint16_t port = 22;
    std::string host_key_alias; ///< empty: host, with the port if it is not 22
    std::vector<std::string> identity_files;
    std::vector<std::string> certificate_files; ///< besides IDENTITY-cert.pub
    bool default_identities = true;             ///< none was named: those are the usual ones
    bool identities_only = false;
    std::string agent; ///< path of its socket; empty: none
    std::vector<std::string> user_known_hosts, global_known_hosts;
    enum class Strict { ask, yes, accept_new } strict = Strict::ask; ///< "no" and "off": accept_new
    std::string proxy_command;    ///< tokens expanded; empty: none
    std::vector<SshTarget> jumps; ///< in the order of travel
    std::optional<std::chrono::seconds> connect_timeout, alive_interval;
    std::optional<unsigned> alive_count;
    std::string host_key_algorithms, kex_algorithms, ciphers, macs, key_types; ///< "" = default
    std::string bind_address;
    int address_family = 0; ///< AF_UNSPEC, AF_INET or AF_INET6
    bool compression = false;
};

/// Reads the files that `config_file` (see SshOptions) names. Throws Error{usage} with file and
/// line for a line that makes no sense, {not_found} when the named file does not exist.
SshSettings read_ssh_config(const SshTarget& target, const std::string& config_file);

} // namespace xenlab::transport
