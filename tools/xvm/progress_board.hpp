// SPDX-License-Identifier: GPL-3.0-or-later
// The progress of several things at once: a line each.
#pragma once

#include <xenlab/cli/progress.hpp>

#include <map>
#include <memory>
#include <mutex>

namespace xvm {

/// Lines appear with add() and go when their Line goes. All of it may be used by any thread.
class ProgressBoard {
  public:
    explicit ProgressBoard(const xenlab::cli::Context& context) : context_(context) {}

    class Line {
      public:
        Line(ProgressBoard& board, std::string what);
        ~Line();
        Line(const Line&) = delete;
        Line& operator=(const Line&) = delete;
        void update(std::uint64_t done, std::uint64_t total);

      private:
        ProgressBoard& board_;
        int key_;
    };

  private:
    using Clock = std::chrono::steady_clock;
    struct State {
        std::string what;
        Clock::time_point start = Clock::now();
        std::uint64_t done = 0, total = 0;
        std::unique_ptr<xenlab::cli::Progress> lines; ///< when it is no bar
    };
    void redraw();

    const xenlab::cli::Context& context_;
    std::mutex mutex_;
    std::map<int, State> states_; ///< in the order of their beginning
    int next_ = 0;
    std::size_t drawn_ = 0; ///< lines on the terminal
    Clock::time_point last_{};
};

} // namespace xvm
