// SPDX-License-Identifier: GPL-3.0-or-later
// What a hypervisor itself says about its VMs' network interfaces and domains, as it happens, over
// SSH with nothing installed there: /sys/class/net and, where there is one, xenstore. This is what
// sees a new domain before xapi does, and both domains of a VM while it migrates.
// (capture.md 2 and 3: order of events, /vm/UUID, final-uuid)
#pragma once

#include <xenlab/base/error.hpp>
#include <xenlab/transport/ssh.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace xenlab::follow {

/// "vif7.0", "tap7.0", "vif7.0-emu" (xl's name of a tap).
struct InterfaceName {
    enum class Side { vif, tap } side = Side::vif;
    unsigned domid = 0;
    unsigned device = 0;
};
std::optional<InterfaceName> parse_interface(std::string_view name);

struct HostView {
    std::map<std::string, bool> interfaces;  ///< name -> up (IFF_UP)
    std::map<unsigned, std::string> vms;     ///< domid -> uuid of the VM; empty without xenstore
    bool xenstore = false;                   ///< the host has one
    std::chrono::nanoseconds clock_offset{}; ///< host's clock minus ours, within the latency
    std::string ssh_connection;              ///< $SSH_CONNECTION: how the host sees us
};

/// Reads one line of the remote watcher into the view; false when it changes nothing. Foreign text:
/// throws Error{bad_data} for what the watcher cannot have written. Open for tests and the fuzzer.
bool apply_line(HostView& view, std::string_view line, std::chrono::nanoseconds our_clock);

struct HostWatchOptions {
    std::vector<std::string> more; ///< interfaces besides vif* and tap*
    std::chrono::milliseconds interval{100};
};

/// Watches with one remote shell. Its own thread calls `changed` with the whole view, the first
/// time as soon as the host has answered, and `ended` once, when the watch broke. Destroying it
/// ends both; neither may destroy it.
class HostWatch {
  public:
    HostWatch(transport::SshSession& session, HostWatchOptions options,
              std::function<void(const HostView&)> changed,
              std::function<void(const Error&)> ended);
    ~HostWatch();
    HostWatch(const HostWatch&) = delete;
    HostWatch& operator=(const HostWatch&) = delete;

  private:
    void run(const std::stop_token& stop);

    transport::SshSession& session_;
    HostWatchOptions options_;
    std::function<void(const HostView&)> changed_;
    std::function<void(const Error&)> ended_;
    std::jthread thread_;
};

/// Shell text that begins a script on a host and ends it when we are gone: when its standard input
/// ends (kill -9 here, a cut connection) or when send_sign_of_life was not called for a minute (a
/// dead network). It then gets SIGTERM. The script must not read its standard input.
std::string_view lifeline();
inline constexpr std::chrono::seconds sign_of_life_every{10};
void send_sign_of_life(transport::SshCommand& command);

} // namespace xenlab::follow
