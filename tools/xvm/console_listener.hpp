// SPDX-License-Identifier: GPL-3.0-or-later
// A port of this machine for viewers and browsers: each connection in a thread of its own.
#pragma once

#include <xenlab/io/fd.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>

namespace xvm {

struct Listener {
    xenlab::io::Fd socket;
    std::string address; ///< "127.0.0.1:5901"
};

/// At "ADDR:PORT"; without ADDR at 127.0.0.1, and with port 0 at any free one. Throws Error{usage}.
Listener listen_at(const std::string& where);

/// One connection, for the thread that serves it and for the one that accepts.
struct Visitor {
    std::stop_source stop;          ///< ends it
    std::atomic<bool> known{false}; ///< it has shown that it may be here
    std::atomic<bool> done{false};
};

/// Accepts until `stop` is requested or `ended` says so. At most `most` connections live at once:
/// when another comes, the oldest unknown one has to go, and if there is none, the new one. `act`
/// must end soon after the visitor's stop request; what it throws is a mistake of ours.
void serve_visitors(const Listener& listener, std::size_t most,
                    const std::function<void(xenlab::io::Fd, Visitor&)>& act,
                    const std::function<bool()>& ended, const std::stop_token& stop);

} // namespace xvm
