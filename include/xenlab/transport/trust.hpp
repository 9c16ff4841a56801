// SPDX-License-Identifier: GPL-3.0-or-later
// Which TLS servers are trusted: the one rule for every transport (RPC, transfers, consoles, NBD).
//
//   1. A pin given for this connection must match, or the connection is refused.
//   2. A certificate that the system's authorities vouch for (and whose name fits) is accepted.
//   3. A certificate pinned earlier for this host and port must match, or it is refused (exit 5)
//      with the command that accepts the new one.
//   4. First use: the certificate is pinned and its SHA-256 shown, as ssh(1) does with host keys
//      and `StrictHostKeyChecking=accept-new`. One that is not valid today is refused.
// A pinned certificate stays accepted when it expires, with a note: it still names the same key.
#pragma once

#include <xenlab/transport/tls_channel.hpp>

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace xenlab::transport {

/// "HOST:PORT sha256:HEX" lines in a file of mode 0600. Every call opens the file anew and writers
/// replace it under a lock, so that several processes may share it. Throws Error{failed} when the
/// file cannot be read or written, Error{bad_data} when it holds something else.
class PinStore {
  public:
    explicit PinStore(std::string path) : path_(std::move(path)) {}

    /// 64 lower-case hex digits. `where` is "HOST:PORT", an IPv6 address in brackets.
    [[nodiscard]] std::optional<std::string> find(std::string_view where) const;
    void remember(std::string_view where, std::string_view sha256) const;
    /// False when there was none.
    bool forget(std::string_view where) const;
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

  private:
    std::string path_;
};

/// Accepts "sha256:HEX", bare hex, and the upper-case form with colons that openssl and xapi's
/// Certificate.fingerprint_sha256 have; the result is 64 lower-case hex digits.
std::optional<std::string> parse_pin(std::string_view text);

/// "host:443"; IPv6 addresses get brackets.
std::string authority(std::string_view host, std::uint16_t port);

/// Thread-safe. The functions are called from the thread that connects.
class Verifier {
  public:
    struct Options {
        std::string pin_file;     ///< empty: nothing is pinned, only rules 1 and 2 hold
        std::string expected_pin; ///< hex; rule 1
        /// Told once for each certificate that is pinned now, and when a pinned one has expired.
        std::function<void(std::string_view)> note;
        /// The command that accepts a changed certificate, for hints: "xvm ctx trust lab".
        std::string accept_command;
    };
    explicit Verifier(Options options);

    /// Throws Error{unreachable} with the reason and a hint, otherwise true.
    bool accept(const TlsPeer& peer, std::uint16_t port);

    /// The same as the seam of start_tls. The Verifier must outlive it.
    std::function<bool(const TlsPeer&)> for_port(std::uint16_t port);

    /// Also trusts this certificate at that place from now on (members of a pool whose
    /// coordinator, which is trusted, names their certificates). Does not overwrite another pin.
    void introduce(std::string_view host, std::uint16_t port, std::string_view sha256);

  private:
    void check_pinned(const TlsPeer& peer, const std::string& where, const std::string& pin);
    void first_use(const TlsPeer& peer, const std::string& where);

    Options options_;
    std::mutex mutex_;
};

} // namespace xenlab::transport
