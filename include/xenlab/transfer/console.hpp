// SPDX-License-Identifier: GPL-3.0-or-later
// The screen of a running VM, as the stream of bytes that a VNC server has.
#pragma once

#include <xenlab/lab/connect.hpp>
#include <xenlab/transport/channel.hpp>

#include <memory>

namespace xenlab::transfer {

/// CONNECT to the host where the VM runs now: consoles are made anew at each start and migration
/// (xapi.md 3.6). Throws Error{precondition} when it does not run or has no graphical console,
/// Error{failed} when the host refuses.
std::unique_ptr<transport::Channel> open_console(lab::Pool& pool, const xapi::Ref<xapi::Vm>& vm,
                                                 transport::TimePoint deadline);

} // namespace xenlab::transfer
