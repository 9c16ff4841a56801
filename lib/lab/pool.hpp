// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session_cache.hpp"

#include <xenlab/lab/connect.hpp>

#include <mutex>
#include <optional>

namespace xenlab::lab {

class Pool::Impl {
  public:
    Impl(std::string name, ContextConfig config, std::vector<Origin> origins,
         const ConnectOptions& options, const Words& words, const std::stop_token& stop);

    std::string name;
    ContextConfig config; ///< with flags and environment put in
    std::vector<Origin> origins;
    xapi::Endpoint endpoint;
    SessionCache cache;
    transport::Verifier verifier;
    xapi::Session session;

    std::mutex mutex; ///< guards what follows
    std::optional<xapi::TaskWatch> tasks;
    std::optional<std::vector<xapi::Object<xapi::Host>>> hosts;
    bool introduced = false; ///< the members' certificates are pinned

  private:
    xapi::SessionOptions session_options(const ConnectOptions& options, const Words& words,
                                         const std::stop_token& stop);
};

} // namespace xenlab::lab
