// SPDX-License-Identifier: GPL-3.0-or-later
// The screen of a running VM, as the stream of bytes that a VNC server has, or its text console.
#pragma once

#include <xenlab/lab/connect.hpp>
#include <xenlab/transport/channel.hpp>

#include <memory>

namespace xenlab::transfer {

enum class ConsoleKind {
    graphical, ///< RFB
    text,      ///< a terminal's bytes: PV and PVH guests have one, HVM guests do not
};

/// CONNECT to the host where the VM runs now: consoles are made anew at each start and migration
/// (xapi.md 3.6). The stop_token is for this and for the channel. Throws Error{precondition} when
/// it does not run or has no such console, Error{failed} when the host refuses.
std::unique_ptr<transport::Channel> open_console(lab::Pool& pool, const xapi::Ref<xapi::Vm>& vm,
                                                 ConsoleKind kind, transport::TimePoint deadline,
                                                 const std::stop_token& stop);

} // namespace xenlab::transfer
