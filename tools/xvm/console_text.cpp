// SPDX-License-Identifier: GPL-3.0-or-later
#include "console_text.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/raw_terminal.hpp>
#include <xenlab/io/fd.hpp>
#include <xenlab/transfer/console.hpp>
#include <xenlab/transport/wait_any.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include <poll.h>
#include <unistd.h>

namespace xvm {
namespace {

using transport::Channel;

/// As in telnet(1), xl(1) and serial-cli.
constexpr std::byte escape{0x1d};
constexpr std::chrono::seconds time_to_connect{30}, time_to_type{30};
constexpr std::chrono::milliseconds between_tries{500};
constexpr std::size_t piece = 4096; // what a pipe or terminal that is ready takes at once

/// Standard output may be a terminal that is stopped; that must not keep us from ending.
void show(std::span<const std::byte> data, const std::stop_token& stop)
{
    pollfd wait{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
    while (::poll(&wait, 1, 200) <= 0)
        if (stop.stop_requested())
            throw Error(Errc::interrupted, "interrupted");
    io::write_all(STDOUT_FILENO, data, "standard output");
}

class TextConsole {
  public:
    TextConsole(const lab::VmTarget& vm, cli::Context& context)
        : vm_(vm), context_(context), person_(::isatty(STDIN_FILENO) != 0),
          keys_(transport::input_channel(STDIN_FILENO, "standard input", context.stop))
    {
    }
    void run();

  private:
    void connect();
    void say(std::string_view words) const;
    void wait(std::chrono::milliseconds time);
    void take_keys();
    void take_output();

    const lab::VmTarget& vm_;
    cli::Context& context_;
    bool person_;
    std::unique_ptr<Channel> keys_, console_; ///< no keys_: their end has come
    bool escaped_ = false;
};

void TextConsole::connect()
{
    console_ = transfer::open_console(*vm_.pool, vm_.ref, transfer::ConsoleKind::text,
                                      transport::deadline_in(time_to_connect), context_.stop);
}

void TextConsole::say(std::string_view words) const
{
    // A terminal in raw mode does not go back to the first column by itself.
    context_.note(fmt::format("{}: {}{}", text::printable(vm_.label()), words, ""));
    if (person_ && ::isatty(STDERR_FILENO) != 0)
        io::write_all(STDERR_FILENO, std::array{std::byte{'\r'}}, "standard error");
}

void TextConsole::take_keys()
{
    std::array<std::byte, piece> buffer{};
    const auto typed = std::span(buffer).first(keys_->read(buffer, transport::no_deadline));
    if (typed.empty()) {
        keys_.reset(); // what the guest says goes on being shown
        return;
    }
    const auto end = person_ ? std::find(typed.begin(), typed.end(), escape) : typed.end();
    escaped_ = end != typed.end();
    if (!console_)
        return; // while there is none, keys go nowhere
    try {
        console_->write(typed.first(static_cast<std::size_t>(end - typed.begin())), {},
                        transport::deadline_in(time_to_type));
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted)
            throw;
        console_.reset();
    }
}

void TextConsole::take_output()
{
    std::array<std::byte, piece> buffer{};
    std::size_t n = 0;
    try {
        n = console_->read(buffer, transport::deadline_in(time_to_type));
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted)
            throw;
    }
    if (n == 0)
        console_.reset();
    else
        show(std::span(buffer).first(n), context_.stop);
}

/// Handles what comes, for so long, or until something has.
void TextConsole::wait(std::chrono::milliseconds time)
{
    std::vector<Channel*> all;
    for (const auto* channel : {&keys_, &console_})
        if (*channel)
            all.push_back(channel->get());
    const Channel* const console = console_.get();
    const auto until = time.count() > 0 ? transport::deadline_in(time) : transport::no_deadline;
    for (const std::size_t i : transport::wait_any(all, until, context_.stop)) {
        if (all[i] != console)
            take_keys();
        else if (console_)
            take_output();
    }
}

void TextConsole::run()
{
    connect();
    if (person_)
        context_.note("ctrl-] ends");
    const cli::RawTerminal raw(person_);
    for (bool told = false; !escaped_;) {
        if (console_) {
            if (std::exchange(told, false))
                say("the console is back");
            wait(std::chrono::milliseconds(0));
            continue;
        }
        if (!std::exchange(told, true))
            say("the console has ended; waiting for the next");
        const auto next = transport::deadline_in(between_tries);
        while (!escaped_ && std::chrono::steady_clock::now() < next)
            wait(std::max(std::chrono::milliseconds(1),
                          std::chrono::ceil<std::chrono::milliseconds>(
                              next - std::chrono::steady_clock::now())));
        if (escaped_)
            break;
        try {
            connect();
        } catch (const Error& error) {
            if (error.code() != Errc::precondition && error.code() != Errc::unreachable &&
                error.code() != Errc::failed && error.code() != Errc::timeout)
                throw;
        }
    }
}

} // namespace

void text_console(const lab::VmTarget& vm, cli::Context& context)
{
    TextConsole(vm, context).run();
}

} // namespace xvm
