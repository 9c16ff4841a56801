// SPDX-License-Identifier: GPL-3.0-or-later
// One VM's console for one browser.
//
// The address that is printed holds a token. The first request with it spends it: the browser gets
// a cookie in exchange and is sent on to a folder whose name nobody else knows, where noVNC and the
// WebSocket are. So a reload works, the token is in no history, and whoever has only the address is
// refused. The cookie is for that folder, because cookies do not know ports: another server on this
// machine must not be sent it.
#pragma once

#include "console_listener.hpp"
#include "web_files.hpp"

#include <xenlab/transport/channel.hpp>
#include <xenlab/transport/incoming_request.hpp>

#include <memory>
#include <mutex>
#include <string>

namespace xvm {

/// Thread-safe.
class ConsoleWeb {
  public:
    using Show = std::function<void(std::unique_ptr<xenlab::transport::Channel>, std::stop_token)>;
    /// `show` brings the console to a browser, until one of them has gone or a stop is requested.
    /// Throws as WebFiles() does.
    explicit ConsoleWeb(Show show);

    /// What is to be opened, once.
    [[nodiscard]] std::string url(const Listener& listener) const;

    /// One connection: one answer, or the WebSocket for as long as it lasts; a newer one takes the
    /// console over. Throws what `show` throws, and Error{timeout | unreachable} of the browser.
    void serve(xenlab::io::Fd peer, Visitor& visitor);

  private:
    using Request = xenlab::transport::IncomingRequest;
    using ChannelPtr = std::unique_ptr<xenlab::transport::Channel>;
    void answer(ChannelPtr& channel, const std::string& address, Visitor& visitor);
    void enter(ChannelPtr& channel, const Request& request);
    [[nodiscard]] bool is_ours(const Request& request) const;
    void show_console(ChannelPtr& channel, const Request& request, Visitor& visitor);
    void send_file(ChannelPtr& channel, const Request& request, std::string_view name);

    Show show_;
    WebFiles files_;
    const std::string token_, folder_, cookie_;
    std::mutex spending_, showing_; ///< showing_: held by who has the console
    bool spent_ = false;
    std::mutex naming_;
    std::stop_source shown_; ///< of who has the console
};

} // namespace xvm
