// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/text.hpp>
#include <xenlab/lab/mark.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <fstream>

#include <unistd.h>

namespace xenlab::lab {
namespace {

constexpr std::string_view reason_start = "xenlab:run=";

bool plain(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == '.';
}

std::string plain_name(std::string name)
{
    std::replace_if(
        name.begin(), name.end(), [](char c) { return !plain(c); }, '-');
    return name.empty() ? "unknown" : name;
}

std::string this_machine()
{
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? plain_name(name.data()) : "unknown";
}

/// When the process started, in seconds since 1970; nothing when there is none. Field 22 of
/// /proc/PID/stat counts ticks since the boot (proc(5)); the name in field 2 may hold anything.
std::optional<std::int64_t> start_of(std::int64_t process)
{
    std::ifstream stat(fmt::format("/proc/{}/stat", process));
    std::string text((std::istreambuf_iterator<char>(stat)), {});
    std::ifstream uptime("/proc/uptime");
    double since_boot = 0;
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos || !(uptime >> since_boot))
        return std::nullopt;
    const auto fields = text::split(std::string_view(text).substr(name_end + 1), ' ');
    constexpr std::size_t start_field = 20; // 22, counted from what follows the name
    if (fields.size() <= start_field)
        return std::nullopt;
    const auto ticks = text::parse_u64(fields[start_field]);
    if (!ticks)
        return std::nullopt;
    const double age =
        since_boot - static_cast<double>(*ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    return std::time(nullptr) - static_cast<std::int64_t>(age);
}

} // namespace

std::string Mark::text() const
{
    return fmt::format("{}@{}.{}.{}", tool, machine, process, started);
}

std::string Mark::reason(std::string_view words) const
{
    return fmt::format("{}{}: {}", reason_start, text(), words);
}

const Mark& own_mark()
{
    static const Mark mark{.tool = plain_name(program_invocation_short_name),
                           .machine = this_machine(),
                           .process = ::getpid(),
                           .started = start_of(::getpid()).value_or(std::time(nullptr))};
    return mark;
}

std::optional<Mark> parse_mark(std::string_view text)
{
    if (text.starts_with(reason_start)) {
        text.remove_prefix(reason_start.size());
        text = text.substr(0, text.find(':'));
    }
    const std::size_t at = text.find('@');
    const std::size_t last = text.rfind('.');
    if (at == std::string_view::npos || at == 0 || last == std::string_view::npos || last < at)
        return std::nullopt;
    const std::size_t before = text.rfind('.', last - 1);
    if (before == std::string_view::npos || before <= at + 1)
        return std::nullopt;
    const std::string_view tool = text.substr(0, at);
    const std::string_view machine = text.substr(at + 1, before - at - 1);
    const auto process = text::parse_u64(text.substr(before + 1, last - before - 1));
    const auto started = text::parse_u64(text.substr(last + 1));
    constexpr std::uint64_t most = 1ULL << 40U; // no process and no year is that large
    if (!process || !started || *process == 0 || *process > most || *started > most ||
        !std::all_of(tool.begin(), tool.end(), plain) ||
        !std::all_of(machine.begin(), machine.end(), plain))
        return std::nullopt;
    return Mark{.tool = std::string(tool),
                .machine = std::string(machine),
                .process = static_cast<std::int64_t>(*process),
                .started = static_cast<std::int64_t>(*started)};
}

Alive alive(const Mark& mark)
{
    if (mark.machine != own_mark().machine)
        return Alive::unknown;
    const auto started = start_of(mark.process);
    if (!started)
        return Alive::no;
    constexpr std::int64_t rounding = 5; // of two clocks
    return *started <= mark.started + rounding && *started >= mark.started - rounding ? Alive::yes
                                                                                      : Alive::no;
}

} // namespace xenlab::lab
