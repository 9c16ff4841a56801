// SPDX-License-Identifier: GPL-3.0-or-later
// What goes on in one channel.
#pragma once

#include "platform.hpp"

#include <xenlab/serial/mux.hpp>

#include <memory>

namespace xenlab::agent {

/// The channel a job answers in.
class Line {
  public:
    Line(serial::Mux& mux, std::uint8_t chan) : mux_(mux), chan_(chan) {}
    void send(serial::Op op, View body = {}) { mux_.send(chan_, op, body); }
    void send(serial::Op op, const serial::Message& message) { send(op, message.body()); }
    [[nodiscard]] std::size_t room() const { return mux_.room(chan_); }
    void consumed(std::size_t bytes) { mux_.consumed(chan_, bytes); }
    void interactive() { mux_.set_interactive(chan_); }
    [[nodiscard]] std::uint8_t chan() const noexcept { return chan_; }

  private:
    serial::Mux& mux_;
    std::uint8_t chan_;
};

/// All may throw SystemFailure, which ends the job with an ERROR message. Destroying a job that has
/// not finished undoes what it can: the process tree is killed.
class Job {
  public:
    virtual ~Job() = default;
    virtual void message(serial::Op op, View body) = 0;
    enum class State { waiting, busy, finished };
    /// Does a little work.
    virtual State step(Millis now) = 0;
    [[nodiscard]] virtual Millis wakeup() const { return serial::never; }
    [[nodiscard]] virtual std::optional<ChildInterest> interest() { return std::nullopt; }
};

/// Nothing when the operation is not known. Throws SystemFailure.
std::unique_ptr<Job> make_job(serial::Op op, const serial::Fields& fields, View body, Line line,
                              const std::string& mark);
std::unique_ptr<Job> make_exec(const serial::Fields& fields, Line line, const std::string& mark);
std::unique_ptr<Job> make_put(const serial::Fields& fields, Line line);
std::unique_ptr<Job> make_get(const serial::Fields& fields, Line line);
std::unique_ptr<Job> make_list(const serial::Fields& fields, Line line);

} // namespace xenlab::agent
