// SPDX-License-Identifier: GPL-3.0-or-later
#include "progress_board.hpp"

#include <fmt/format.h>

#include <sys/ioctl.h>
#include <unistd.h>

namespace xvm {
namespace {

using xenlab::cli::ProgressMode;

std::size_t columns_of(int fd)
{
    winsize size{};
    return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

} // namespace

ProgressBoard::Line::Line(ProgressBoard& board, std::string what) : board_(board)
{
    const std::lock_guard lock(board.mutex_);
    key_ = board.next_++;
    State& state = board.states_[key_];
    state.what = std::move(what);
    const ProgressMode mode = board.context_.shared.progress;
    if (mode == ProgressMode::line || mode == ProgressMode::json)
        state.lines = std::make_unique<xenlab::cli::Progress>(board.context_, state.what);
}

ProgressBoard::Line::~Line()
{
    const std::lock_guard lock(board_.mutex_);
    State& state = board_.states_[key_];
    if (state.lines)
        state.lines->done();
    board_.states_.erase(key_);
    if (board_.drawn_ > 0)
        board_.redraw();
}

void ProgressBoard::Line::update(std::uint64_t done, std::uint64_t total)
{
    const std::lock_guard lock(board_.mutex_);
    State& state = board_.states_[key_];
    state.done = done;
    state.total = total;
    if (state.lines) {
        state.lines->update(done, total);
        return;
    }
    const auto now = Clock::now();
    if (board_.context_.shared.progress != ProgressMode::bar ||
        now - board_.last_ < std::chrono::milliseconds(100))
        return;
    board_.last_ = now;
    board_.redraw();
}

/// With mutex_ held. The cursor stays at the end of the last line.
void ProgressBoard::redraw()
{
    const int fd = context_.shared.progress_fd;
    const std::size_t columns = columns_of(fd);
    std::string text = drawn_ > 1 ? fmt::format("\x1b[{}A\r", drawn_ - 1) : "\r";
    bool first = true;
    for (const auto& [key, state] : states_) {
        std::string words = xenlab::cli::progress_words(
            state.what, state.done, state.total,
            std::chrono::duration<double>(Clock::now() - state.start).count());
        if (words.size() >= columns)
            words.resize(columns - 1);
        text += (first ? "" : "\n") + words + "\x1b[K";
        first = false;
    }
    text += "\x1b[J"; // what stood below
    drawn_ = states_.size();
    [[maybe_unused]] const auto ignored = ::write(fd, text.data(), text.size());
}

} // namespace xvm
