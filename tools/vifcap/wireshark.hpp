// SPDX-License-Identifier: GPL-3.0-or-later
// A Wireshark that reads what we capture, and the pipe that Wireshark gives to an extcap.
#pragma once

#include <xenlab/io/fd.hpp>

#include <memory>
#include <stop_token>
#include <string>

#include <sys/types.h>

namespace vifcap {

/// The program lives on when we end: people go on looking.
class Wireshark {
  public:
    explicit Wireshark(xenlab::io::Fd input) : input_(std::move(input)) {}
    [[nodiscard]] int input() const noexcept { return input_.get(); }

  private:
    xenlab::io::Fd input_;
};

/// Throws Error{usage} where there is no display, {failed} where there is no Wireshark.
std::unique_ptr<Wireshark> start_wireshark();

/// Waits for the reader for a while. Throws Error.
xenlab::io::Fd open_fifo(const std::string& path, const std::stop_token& stop);

} // namespace vifcap
