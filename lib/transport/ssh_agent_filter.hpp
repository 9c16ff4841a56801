// SPDX-License-Identifier: GPL-3.0-or-later
// An agent that shows only some of its keys, for IdentitiesOnly: libssh would offer all, and a
// server hangs up after a few that it does not know (draft-ietf-sshm-ssh-agent).
#pragma once

#include <xenlab/io/fd.hpp>

#include <string>
#include <thread>
#include <vector>

namespace xenlab::transport {

/// Passes messages on between libssh and the agent in a thread of its own, and leaves out of the
/// list of keys what does not belong to one of `keys` (see belongs_to).
class AgentFilter {
  public:
    /// Throws Error when there is no agent at `path`.
    AgentFilter(const std::string& path, std::vector<std::string> keys);
    ~AgentFilter();
    AgentFilter(const AgentFilter&) = delete;
    AgentFilter& operator=(const AgentFilter&) = delete;

    /// libssh's end, which it closes.
    int take_socket();

  private:
    void relay();
    [[nodiscard]] std::string filtered(const std::string& answer) const;

    std::vector<std::string> keys_;
    io::Fd agent_, inner_, outer_;
    std::thread thread_;
};

} // namespace xenlab::transport
