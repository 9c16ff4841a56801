// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/fs/crash_guard.hpp>

#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>

#include <unistd.h>

namespace xenlab::fs {
namespace {

std::atomic<int> open_handles{0};
std::string_view tool_name;
constexpr int damaged_data = 7;

void say(std::string_view text)
{
    static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));
}

void on_crash(int number)
{
    if (open_handles.load() > 0) {
        say(tool_name);
        say(": error: a library crashed while it read the guest's data, which is damaged\n");
        ::_exit(damaged_data);
    }
    std::signal(number, SIG_DFL); // NOLINT: nothing else can be done here
    std::raise(number);
}

} // namespace

void guard_against_crashes(std::string_view tool)
{
    // The stack may be what overflowed.
    static std::array<std::byte, 65536> stack;
    const stack_t alternative{.ss_sp = stack.data(), .ss_flags = 0, .ss_size = stack.size()};
    ::sigaltstack(&alternative, nullptr);
    tool_name = tool;
    struct sigaction action {};
    action.sa_handler = on_crash;
    action.sa_flags = SA_ONSTACK | SA_NODEFER;
    for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGABRT})
        ::sigaction(number, &action, nullptr);
}

ForeignCode::ForeignCode() noexcept
{
    ++open_handles;
}

ForeignCode::~ForeignCode()
{
    --open_handles;
}

} // namespace xenlab::fs
