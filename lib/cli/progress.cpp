// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/text.hpp>
#include <xenlab/cli/progress.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include <sys/ioctl.h>
#include <unistd.h>

namespace xenlab::cli {
namespace {

using namespace std::chrono_literals;

std::chrono::milliseconds interval(ProgressMode mode)
{
    switch (mode) {
    case ProgressMode::bar:
        return 100ms;
    case ProgressMode::line:
        return 5s;
    default:
        return 1s;
    }
}

/// Rounded down, so that 100 means all.
unsigned percent(std::uint64_t position, std::uint64_t total)
{
    const double share = static_cast<double>(position) / static_cast<double>(total);
    return static_cast<unsigned>(std::min(share, 1.0) * 100);
}

std::size_t terminal_columns(int fd)
{
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
        return size.ws_col;
    return 80;
}

} // namespace

Progress::Progress(const Context& context, std::string what)
    : mode_(context.shared.progress), fd_(context.shared.progress_fd), what_(std::move(what)),
      start_(Clock::now()), last_(start_)
{
}

Progress::~Progress()
{
    clear();
}

void Progress::write(std::string_view text) const
{
    // A progress display that cannot be written is not worth failing for.
    [[maybe_unused]] const auto ignored = ::write(fd_, text.data(), text.size());
}

void Progress::update(std::uint64_t position, std::optional<std::uint64_t> total)
{
    position_ = position;
    total_ = total;
    if (mode_ == ProgressMode::none)
        return;
    const auto now = Clock::now();
    if (now - last_ < interval(mode_))
        return;
    last_ = now;
    draw(position, total, now);
}

namespace {

struct Pace {
    std::uint64_t rate = 0; ///< bytes a second
    std::optional<std::chrono::seconds> eta;
};

Pace pace_of(std::uint64_t position, std::optional<std::uint64_t> total, double seconds)
{
    const double rate = static_cast<double>(position) / std::max(1e-3, seconds);
    Pace pace{.rate = static_cast<std::uint64_t>(rate)};
    if (total && rate > 0 && *total >= position)
        pace.eta = std::chrono::seconds(
            static_cast<long>(std::min(static_cast<double>(*total - position) / rate, 1e8)));
    return pace;
}

} // namespace

std::string progress_words(std::string_view what, std::uint64_t position,
                           std::optional<std::uint64_t> total, double seconds)
{
    const Pace pace = pace_of(position, total, seconds);
    std::string words = fmt::format("{}: {}", text::printable(what), text::human_size(position));
    if (total && *total > 0)
        words += fmt::format(" of {} ({}%)", text::human_size(*total), percent(position, *total));
    words += fmt::format(", {}/s", text::human_size(pace.rate));
    if (pace.eta)
        words += fmt::format(", {} left", text::human_duration(*pace.eta));
    return words;
}

void Progress::draw(std::uint64_t position, std::optional<std::uint64_t> total,
                    Clock::time_point now)
{
    const double seconds = std::chrono::duration<double>(now - start_).count();
    if (mode_ == ProgressMode::json) {
        const Pace pace = pace_of(position, total, seconds);
        nlohmann::ordered_json line{{"what", what_}, {"position", position}};
        line["total"] = total ? nlohmann::ordered_json(*total) : nlohmann::ordered_json();
        line["rate"] = pace.rate;
        line["eta"] =
            pace.eta ? nlohmann::ordered_json(pace.eta->count()) : nlohmann::ordered_json();
        write(line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
        return;
    }
    std::string text = progress_words(what_, position, total, seconds);
    if (mode_ == ProgressMode::line) {
        write(text + "\n");
        return;
    }
    if (text.size() >= terminal_columns(fd_))
        text.resize(terminal_columns(fd_) - 1);
    write("\r" + text + "\x1b[K");
    drawn_ = true;
}

void Progress::clear()
{
    if (drawn_)
        write("\r\x1b[K");
    drawn_ = false;
}

void Progress::done()
{
    clear();
    if (mode_ == ProgressMode::line || mode_ == ProgressMode::json)
        draw(position_, total_, Clock::now());
}

} // namespace xenlab::cli
