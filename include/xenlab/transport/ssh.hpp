// SPDX-License-Identifier: GPL-3.0-or-later
// SSH (RFC 4251-4254) through libssh: a session to a host, commands on it, and forwarded byte
// channels. Host keys are verified always; passwords are never asked for nor sent.
//
//     auto session = transport::connect_ssh(transport::parse_ssh_target("root@h1"), options, stop);
//     auto done = transport::run_ssh(*session, text::shell_command({"xenstore-read", "/tool"}),
//     {});
//
// Threads: SshSession is safe to use from several threads. Each session has one thread of its own
// that talks to the server; everything else waits for it, with a deadline and a stop_token, and
// never for longer. In one SshCommand three threads may work at once: one reads standard output,
// one standard error, one writes and closes standard input; wait() may be called from any.
//
// Ownership: commands and channels keep what they need alive, so the order of destruction is free.
// Destroying the SshSession object closes the connection: what still runs on it fails with
// Error{unreachable}. Destroying a command closes its channel: sshd then closes the remote
// process's pipes, but does not kill it, so a remote process that must end watches its stdin for
// EOF.
//
// Flow: a reader that stalls stops the server through the window of the channel (RFC 4254 5.2);
// at most `buffer` bytes and libssh's window (about 1.3 MB) are held for it, and other channels of
// the session go on.
#pragma once

#include <xenlab/io/byte_source.hpp>
#include <xenlab/transport/channel.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

namespace xenlab::transport {

/// Where to log in, as a user names it. What is left open (no user, port 0) is decided by the
/// configuration file, then by the defaults: our login name, 22.
struct SshTarget {
    std::string user;
    std::string host; ///< a name, an alias of the configuration file, or an address; no brackets
    std::uint16_t port = 0;
};

/// "[USER@]HOST[:PORT]"; an IPv6 address with a port needs brackets, without one it may have them.
/// "ssh://" in front is accepted. Throws Error{usage}, also for hosts and users that begin with
/// "-".
SshTarget parse_ssh_target(std::string_view text);

struct SshOptions {
    /// As ssh -F: this file and no other; "none" is no file at all. Empty: ~/.ssh/config, then
    /// /etc/ssh/ssh_config. See ssh_config.hpp for the keywords that work.
    std::string config_file;
    /// For the connection (name service, TCP, each jump host); ConnectTimeout in the file wins.
    std::chrono::milliseconds connect_timeout{10'000};
    /// For key exchange and login. A loaded dom0 takes its time.
    std::chrono::milliseconds login_timeout{30'000};
    /// A server that is silent so long is asked for a sign of life, and given up after as long
    /// again three times over; ServerAliveInterval and ServerAliveCountMax in the file win.
    std::chrono::milliseconds alive_interval{5'000};
    /// Told about things that do not stop us ("the key of h1 was added to …"). Called in the
    /// thread of connect_ssh.
    std::function<void(std::string_view)> note;
};

/// How a remote command ended: one of both is set. "TERM" has no "SIG" in front.
struct SshExit {
    std::optional<int> status;
    std::string signal;
    [[nodiscard]] bool ok() const noexcept { return status == 0; }
};

/// "exit status 1", "killed by SIGTERM".
std::string describe(const SshExit& exit);

struct SshCommandOptions {
    /// Ends every wait of the command with Error{interrupted}. Left empty for commands that clean
    /// up, which are ended by deadlines only.
    std::stop_token stop;
    /// Drops what the login shell prints before the command begins (an echo in .bashrc). Costs no
    /// round trip. Off for servers that do not pass commands to a POSIX shell.
    bool skip_noise = true;
    /// A terminal on the other side: stderr arrives in stdout, stdin echoes, a hangup follows
    /// when the channel is closed.
    bool terminal = false;
    std::size_t buffer = 256U << 10U; ///< most bytes of each stream held for a reader
    /// While much arrives, a reader is woken no more often than this: it costs less processor time.
    std::chrono::milliseconds gather{0};
};

/// A command that runs on the other side. Waits throw Error: timeout at the deadline (the command
/// goes on), interrupted, unreachable when the connection broke or the session was closed.
class SshCommand {
  public:
    virtual ~SshCommand() = default;
    SshCommand(const SshCommand&) = delete;
    SshCommand& operator=(const SshCommand&) = delete;

    /// Fills a front part of `buffer`, waiting for at least one byte; 0 means the end of the
    /// stream. Throws Error{failed} with the shell's words when no command was begun: a login that
    /// only prints a message, a shell that is none.
    virtual std::size_t read_stdout(std::span<std::byte> buffer, TimePoint deadline) = 0;
    virtual std::size_t read_stderr(std::span<std::byte> buffer, TimePoint deadline) = 0;

    /// Sends all of `data`. Throws Error{failed} when the command no longer reads.
    virtual void write_stdin(std::span<const std::byte> data, TimePoint deadline) = 0;
    /// The command reads an end of file after what was written. Does not wait; twice is once.
    virtual void close_stdin() = 0;

    /// Waits for the end of the command. A stream that nobody reads and that fills its buffer
    /// keeps the command, and so this call, from ending. A server that closes the channel without
    /// a status gives an SshExit with neither.
    virtual SshExit wait(TimePoint deadline) = 0;

  protected:
    SshCommand() = default;
};

/// What the other side can tell about the connection itself, to leave it out of a capture. Of the
/// TCP connection on this end: behind a jump host or NAT the server sees another one, which only
/// $SSH_CONNECTION on the server tells.
class SshSession {
  public:
    virtual ~SshSession() = default;
    SshSession(const SshSession&) = delete;
    SshSession& operator=(const SshSession&) = delete;

    /// Starts `command` in the user's login shell on the other side. Build it with
    /// text::shell_command. Throws Error: failed when the server refuses, timeout, interrupted,
    /// unreachable.
    virtual std::unique_ptr<SshCommand>
    start(const std::string& command, const SshCommandOptions& options, TimePoint deadline) = 0;

    /// A TCP connection from the server to HOST:PORT (direct-tcpip, RFC 4254 7.2). The Channel
    /// follows channel.hpp; its waits also end by `stop`. Throws Error{unreachable} when nobody
    /// listens there or the server forbids forwarding.
    virtual std::unique_ptr<Channel> forward_tcp(const std::string& host, std::uint16_t port,
                                                 TimePoint deadline,
                                                 const std::stop_token& stop) = 0;

    /// The same to a unix socket (direct-streamlocal@openssh.com).
    virtual std::unique_ptr<Channel> forward_unix(const std::string& path, TimePoint deadline,
                                                  const std::stop_token& stop) = 0;

    /// False once the connection broke, which is noticed after alive_interval at the latest times
    /// the count. It stays false: connect anew.
    [[nodiscard]] virtual bool alive() const = 0;

    /// "root@h1:22", for messages; safe to show.
    [[nodiscard]] virtual const std::string& peer() const noexcept = 0;

  protected:
    SshSession() = default;
};

/// Connects, verifies the host key and logs in with the keys of the agent and of IdentityFile.
/// Throws Error{unreachable}: no route, unknown host key (the message has its fingerprint, the hint
/// how to accept it), changed or revoked host key, no key accepted, a key that needs a passphrase
/// and no agent that holds it; Error{timeout}, {interrupted}; {usage} for a bad line in the file.
std::unique_ptr<SshSession> connect_ssh(const SshTarget& target, const SshOptions& options,
                                        std::stop_token stop);

struct SshResult {
    SshExit exit;
    std::string out, err; ///< foreign text
};

struct SshRunOptions {
    std::string input; ///< for its standard input
    std::stop_token stop;
    std::chrono::milliseconds timeout{30'000};
    std::size_t limit = 1U << 20U; ///< most bytes of output, each; more is Error{bad_data}
};

/// Runs a short command to its end. An exit status other than 0 is the caller's to judge.
SshResult run_ssh(SshSession& session, const std::string& command, const SshRunOptions& options);

/// Standard output of `command` as a ByteSource that ends with the stream. `command` must outlive
/// it. read() gives up after `silence` without a byte (no_deadline's worth: never).
std::unique_ptr<io::ByteSource> stdout_source(SshCommand& command,
                                              std::chrono::milliseconds silence);

} // namespace xenlab::transport
