// SPDX-License-Identifier: GPL-3.0-or-later
// SSH of a host that has it switched off, on for a while.
#pragma once

#include <xenlab/cli/context.hpp>
#include <xenlab/lab/connect.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace vifcap {

/// Enabled until this ends, and by the host itself for at most `time` should we not get that far.
/// Then timeout and auto mode are what they were, too: host.enable_ssh ends auto mode for good.
class SshAccess {
  public:
    SshAccess(xenlab::lab::Pool& pool, xenlab::xapi::Ref<xenlab::xapi::Host> host,
              std::chrono::milliseconds time, const xenlab::cli::Context& context);
    ~SshAccess();
    SshAccess(const SshAccess&) = delete;
    SshAccess& operator=(const SshAccess&) = delete;

  private:
    xenlab::lab::Pool& pool_;
    xenlab::xapi::Ref<xenlab::xapi::Host> host_;
    const xenlab::cli::Context& context_;
    std::optional<std::string> timeout_;
    bool auto_mode_ = false;
};

} // namespace vifcap
