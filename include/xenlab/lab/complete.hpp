// SPDX-License-Identifier: GPL-3.0-or-later
// What TAB offers of pools, for the Completer of any tool (cli/tool.hpp).
#pragma once

#include <xenlab/cli/tool.hpp>
#include <xenlab/lab/connect.hpp>

#include <chrono>
#include <stop_token>
#include <thread>
#include <vector>

namespace xenlab::lab {

/// Requests the stop of its token after some time: nobody waits longer for TAB.
class Patience {
  public:
    explicit Patience(std::chrono::milliseconds most);
    Patience(const Patience&) = delete;
    Patience& operator=(const Patience&) = delete;
    [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

  private:
    std::stop_source source_;
    std::jthread thread_; ///< last: joined first
};

/// The contexts of the config file, with their hosts.
std::vector<cli::Candidate> complete_contexts(const ConnectOptions& connect);

/// The VMs of the chosen pools: those kept by earlier runs while they are fresh, else the pools',
/// if they answer before `stop` and without a question.
std::vector<cli::Candidate> complete_vms(const ConnectOptions& connect,
                                         const std::stop_token& stop);

} // namespace xenlab::lab
