// SPDX-License-Identifier: GPL-3.0-or-later
// The task of a transfer: begun by us, judged by the server.
#pragma once

#include <xenlab/lab/connect.hpp>
#include <xenlab/xapi/transfer.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace xenlab::transfer {

/// A marked task, so that `xvm reap` knows it when we were killed.
class Task {
  public:
    /// `what` is for people: "export".
    Task(lab::Pool& pool, const std::string& what, const std::string& description);

    [[nodiscard]] const xapi::Ref<xapi::Task>& ref() const noexcept { return task_.ref(); }
    void begun() noexcept { task_.begun(); }

    /// The value of the task. Throws its Fault (with names), Error{timeout} when it has not ended
    /// after `patience` during which its progress did not move.
    xmlrpc::Value verdict(std::chrono::milliseconds patience,
                          const std::function<void(double)>& progress = {});

    /// The Fault of the task if it failed or does so within `wait`.
    std::optional<xapi::Fault> failure(std::chrono::milliseconds wait);

  private:
    [[nodiscard]] xapi::Fault told(const xapi::Fault& fault) const;

    lab::Pool& pool_;
    std::string what_;
    xapi::TransferTask task_;
};

} // namespace xenlab::transfer
