// SPDX-License-Identifier: GPL-3.0-or-later
// The connection to one host, made anew when it breaks, and what the host says about itself.
#pragma once

#include <xenlab/follow/host_watch.hpp>
#include <xenlab/transport/ssh.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace vifcap {

struct HostNews {
    std::shared_ptr<xenlab::transport::SshSession> session; ///< null while there is none
    std::optional<xenlab::follow::HostView> view;
    std::optional<xenlab::Error> lost;   ///< the connection broke; it is being made anew
    std::optional<xenlab::Error> failed; ///< given up
};

struct HostLinkOptions {
    xenlab::transport::SshTarget target;
    xenlab::transport::SshOptions ssh;
    std::vector<std::string> interfaces;        ///< besides vif* and tap*
    std::chrono::milliseconds patience{60'000}; ///< with a host that was there and is gone
};

/// Its thread connects, watches and tells; `news` is called in threads of the link.
class HostLink {
  public:
    HostLink(HostLinkOptions options, std::function<void(HostNews)> news);
    ~HostLink();
    HostLink(const HostLink&) = delete;
    HostLink& operator=(const HostLink&) = delete;

  private:
    void run(const std::stop_token& stop);
    xenlab::Error watch(const std::stop_token& stop);

    HostLinkOptions options_;
    std::function<void(HostNews)> news_;
    bool was_there_ = false;
    std::jthread thread_;
};

} // namespace vifcap
