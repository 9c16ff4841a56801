// SPDX-License-Identifier: GPL-3.0-or-later
// Working in the shell. Lines are short enough for the line buffer of any terminal (4095 bytes),
// and each is answered before the next is typed.
#include "shell.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace xenlab::serial_cli {
namespace {

using std::chrono::milliseconds;
constexpr int most_tries = 8;
constexpr std::size_t longest_command = 64U << 10U;

std::string fresh_mark()
{
    std::random_device device;
    return fmt::format("{:08x}{:08x}", device(), device());
}

/// What the guest needs to know, in POSIX shell: @SUM@ is cksum or sha256sum.
///   xi a ID SUM TEXT      TEXT is the next piece of the command; not to be interrupted half-way
///   xl MARK SUM           run the command, once
///   xq MARK               how did it end?
///   xi p ID SUM FILE TEXT TEXT is the next line of FILE
/// Answers: XLA taken, XLB begins, XLE ended (then its standard error and XLF), XLN has been run
/// already, XLQ its exit code, XLC damaged, XLW cannot be written.
constexpr std::string_view functions =
    R"(xs() { XS=$(printf %s "$1"|@SUM@); XS=${XS%% *}; }
xk() { printf '\nXLK%s\n' $1; }
xc() { printf '\nXLC\n'; }
xi() { trap '' INT; x$1 "$2" "$3" "$4" "$5"; trap - INT; }
xa() { [ "$1" = "$XI" ]||{ P=$(printf %bx "$3"); P=${P%x}; xs "$1$P"; [ "$XS" = "$2" ]||{ xc; return; }
case $1 in *.1) X=;; esac; X=$X$P; XI=$1; }; printf '\nXLA%s\n' $1; }
xl() { [ "$1" != "$XM" ]||{ printf '\nXLN%s\n' $1; return; }; xs "$1$X"; [ "$XS" = "$2" ]||{ xc; return; }
XM=$1 XC=; printf '\nXLB%s\n' $1; sh -c "$X" </dev/null 2>/tmp/.xl$1; XC=$?; printf '\nXLE%s %d\n' $1 $XC
cat /tmp/.xl$1; rm -f /tmp/.xl$1; printf '\nXLF%s\n' $1; }
xq() { [ "$1" = "$XM" ]&&printf '\nXLQ%s %s\n' $1 $XC||xc; }
xp() { [ "$1" = "$XI" ]||{ P=$(printf %bx "$3"); P=${P%x}; xs "$1$P$4"; [ "$XS" = "$2" ]||{ xc; return; }
printf '%s\n' "$4" >>"$P"||{ printf '\nXLW\n'; return; }; XI=$1; }; printf '\nXLA%s\n' $1; }
)";

std::optional<std::uint32_t> exit_code_in(std::string_view text)
{
    const auto code = text::parse_u64(text::trim(text));
    return code && *code <= 255 ? std::optional(static_cast<std::uint32_t>(*code)) : std::nullopt;
}

} // namespace

/// How long an answer to so many bytes may take. 9600 baud are 960 bytes a second, and the guest
/// may be slow, too; but a guest that has answered quickly so far will do so again.
milliseconds Shell::patience_with(std::size_t size, int tries) const
{
    const auto longest = milliseconds(4000 + 4 * size);
    const auto usual = slowest_ ? milliseconds(600) + 6 * *slowest_ : longest;
    return std::min({longest * (tries + 1), usual * (1 << tries), milliseconds(30'000)});
}

std::string Shell::type_until(const std::string& line, const std::string& answer)
{
    for (int tries = 0; tries < most_tries; ++tries) {
        // Half a line, an open quote, a program that waits for more: away with it.
        type((tries > 0 ? std::string("\x03") + fresh_line + "\r" : "") + line + "\r");
        const auto patience = patience_with(line.size(), tries);
        const auto began = Client::Clock::now();
        std::size_t which = 0;
        const auto found = heard({answer, "\nXLC", "\nXLW"}, patience, &which);
        if (found && which == 2)
            throw Error(Errc::failed, "guest: what was sent cannot be written there");
        if (!found || which != 0)
            continue;
        const auto rest = heard({"\n"}, patience, nullptr);
        if (!rest)
            continue;
        const auto took = std::chrono::duration_cast<milliseconds>(Client::Clock::now() - began);
        slowest_ = std::max(slowest_.value_or(milliseconds(0)), took);
        return std::string(text::trim(*rest));
    }
    throw Error(Errc::timeout, "the guest's console does not answer",
                "is it a shell? does the line lose too much?");
}

bool Shell::prepare()
{
    // The quotes keep the answer out of what is typed and echoed. This line is short, and the shell
    // may take long to start.
    std::string mark = fresh_mark();
    std::string programs;
    for (int tries = 0;; ++tries) {
        type(fmt::format(
            " printf '\\nXL''P%s %s\\n' {} $(command -v cksum || command -v sha256sum)\r", mark));
        std::size_t which = 0;
        const bool any =
            heard({"\nXLP" + mark + " ", "assword: "}, milliseconds(6000), &which).has_value();
        if (any && which == 1) {
            type("\r");
            return false;
        }
        if (any) {
            programs = wait({"\n"}, milliseconds(6000));
            break;
        }
        if (tries == most_tries)
            throw Error(Errc::timeout, "the guest's shell does not answer");
        type(std::string(fresh_line) + "\r");
    }
    if (programs.find("cksum") == std::string::npos) {
        sum_ = TypedSum::sha256;
        if (programs.find("sha256sum") == std::string::npos)
            throw Error(Errc::failed, "the guest has neither cksum nor sha256sum");
    }
    mark = fresh_mark();
    type_until(
        fmt::format(
            " PS1='{}'; PS2=; unset HISTFILE PROMPT_COMMAND; (set +o emacs) 2>/dev/null "
            "&& set +o emacs +o vi; stty icanon isig icrnl -echo -opost -ixon 2>/dev/null; printf "
            "'\\nXL''R%s\\n' {}",
            our_prompt, mark),
        "\nXLR" + mark);
    define_functions();
    heard_.clear();
    return true;
}

void Shell::define_functions()
{
    const std::string_view program = sum_ == TypedSum::cksum ? "cksum" : "sha256sum";
    std::string script(functions);
    script.replace(script.find("@SUM@"), 5, program);
    // They come as text that does nothing by itself and are called into being when it is whole.
    for (int tries = 0; tries < most_tries; ++tries) {
        const std::string mark = fresh_mark();
        const std::string sum = type_until(
            fmt::format(" XD=$(printf %bx '{}'); printf '\\nXL''D%s %s\\n' {} \"$(printf "
                        "%s \"$XD\" | {})\"",
                        typed_octal(script), mark, program),
            "\nXLD" + mark + " ");
        if (sum.substr(0, sum.find(' ')) != typed_sum(sum_, as_view(script + "x")))
            continue;
        type_until(fmt::format(" eval \"${{XD%x}}\"; xk {}", mark), "\nXLK" + mark);
        return;
    }
    throw Error(Errc::failed, "the line to the guest loses too much");
}

void Shell::type_command(const std::string& mark, const std::string& command)
{
    constexpr std::size_t piece = 700; // octal makes five of one
    if (command.size() > longest_command)
        throw Error(Errc::usage, "the command is too long for a terminal",
                    "copy a script first, or install the agent");
    for (std::size_t at = 0, number = 1; at < command.size() || number == 1;
         at += piece, ++number) {
        const std::string part = command.substr(at, piece);
        const std::string id = fmt::format("{}.{}", mark, number);
        type_until(fmt::format(" xi a {} {} '{}'", id, typed_sum(sum_, as_view(id + part)),
                               typed_octal(part)),
                   "\nXLA" + id);
    }
}

/// False when the command has ended already, its beginning unheard.
bool Shell::start(const std::string& mark, Result& result)
{
    for (int tries = 0; tries < most_tries; ++tries) {
        std::size_t which = 0;
        const auto found = heard({"\nXLB" + mark + "\n", "\nXLN" + mark, "\nXLE" + mark, "\nXLC"},
                                 patience_with(100, tries), &which);
        if (found && which == 0)
            return true;
        if (found && which < 3) {
            result.damaged = true;
            return false;
        }
        // No ctrl-c: it may be running, with only the mark lost.
        type(fmt::format("{} xl {} {}\r", fresh_line, mark, sum_text_));
    }
    throw Error(Errc::unreachable, "the guest's shell does not take the command");
}

std::optional<std::uint32_t> Shell::ask_code(const std::string& mark)
{
    for (int tries = 0; tries < most_tries; ++tries) {
        type(fmt::format("{} xq {}\r", fresh_line, mark));
        if (!heard({"\nXLQ" + mark + " "}, patience_with(100, tries), nullptr))
            continue;
        if (const auto rest = heard({"\n"}, patience_with(100, tries), nullptr))
            if (const auto code = exit_code_in(*rest))
                return code;
    }
    return std::nullopt;
}

void Shell::finish(const std::string& mark, milliseconds limit, Result& result)
{
    const auto until = Client::Clock::now() + limit;
    const std::string end = "\nXLE" + mark + " ", told = "\nXLQ" + mark + " ";
    auto pause = milliseconds(10'000);
    std::size_t which = 0;
    for (;; pause *= 2) {
        const auto left = std::chrono::duration_cast<milliseconds>(until - Client::Clock::now()) +
                          milliseconds(1);
        auto found = heard({end, told}, std::min(pause, left), &which);
        if (found) {
            result.out = std::move(*found);
            result.out.resize(result.out.size() - end.size());
            break;
        }
        if (Client::Clock::now() >= until) {
            type("\x03");
            result.timed_out = true;
            return;
        }
        type(fmt::format(" xq {}\r",
                         mark)); // answered when it has ended, should that have been lost
    }
    const auto word = heard({"\n"}, milliseconds(10'000), nullptr);
    auto code = word ? exit_code_in(*word) : std::nullopt;
    const std::string last = "\nXLF" + mark + "\n";
    auto errors = which == 0 ? heard({last}, milliseconds(30'000), nullptr) : std::nullopt;
    if (errors) {
        result.err = std::move(*errors);
        result.err.resize(result.err.size() - last.size());
    } else {
        result.damaged = true;
    }
    code = code ? code : ask_code(mark);
    if (!code)
        throw Error(Errc::failed, "the guest's shell answered without an exit code");
    result.code = *code;
}

Shell::Result Shell::run(const std::string& command, milliseconds limit)
{
    const std::string mark = fresh_mark();
    type_command(mark, command);
    sum_text_ = typed_sum(sum_, as_view(mark + command));
    Result result;
    type(fmt::format(" xl {} {}\r", mark, sum_text_));
    if (start(mark, result)) {
        finish(mark, limit, result);
        return result;
    }
    const auto code = ask_code(mark);
    if (!code)
        throw Error(Errc::failed, "the command was run, but its answer was lost on the line");
    result.code = *code;
    return result;
}

std::string Shell::terminal()
{
    // The shell's own standard input is the port; that of a command is not.
    const Result result = run("readlink /proc/$PPID/fd/1", milliseconds(20'000));
    const std::string name(text::trim(result.out));
    const bool plain = name.starts_with("/dev/") &&
                       name.find_first_not_of(
                           "/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
                           std::string::npos;
    if (!plain)
        throw Error(Errc::failed, "the guest does not say which terminal the port is",
                    "name it with --port");
    return name;
}

} // namespace xenlab::serial_cli
