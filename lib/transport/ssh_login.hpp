// SPDX-License-Identifier: GPL-3.0-or-later
// From a descriptor to a session that is logged in: key exchange, host key, user's keys.
#pragma once

#include "ssh_agent_filter.hpp"
#include "ssh_api.hpp"

#include <xenlab/transport/channel.hpp>
#include <xenlab/transport/ssh_config.hpp>

#include <functional>
#include <memory>
#include <string>

namespace xenlab::transport {

/// Runs in the session's thread. libssh never blocks here but while it talks to an agent.
class SshLogin {
  public:
    /// `wait` returns when the session's descriptor may be worth another try, and throws when it is
    /// time to give up. `note` is told what does not stop us.
    SshLogin(ssh_session session, const SshSettings& settings, std::string config_file,
             std::function<void()> wait, std::function<void(const std::string&)> note);

    /// Throws Error{unreachable}.
    void run(int fd);

  private:
    void set_options(int fd);
    void order_host_keys(const std::vector<std::string>& known_types);
    void check_host_key();
    void authenticate();
    bool try_agent();
    bool try_identity(const std::string& file);
    bool try_key(ssh_key key);
    [[nodiscard]] Error refused() const;
    [[nodiscard]] std::string accept_command() const;

    /// Calls until it is done; ends by wait()'s exception at the latest.
    template <typename Step>
    int complete(Step step);

    ssh_session session_;
    const SshSettings& settings_;
    std::string config_file_;
    std::function<void()> wait_;
    std::function<void(const std::string&)> note_;
    std::string known_name_;
    std::vector<std::string> tried_;     ///< for the message
    std::vector<std::string> encrypted_; ///< keys that need a passphrase
    std::unique_ptr<AgentFilter> filter_;
    bool connected_ = false;
};

} // namespace xenlab::transport
