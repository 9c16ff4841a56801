// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/bytes/hex.hpp>
#include <xenlab/serial/sha256.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <random>

namespace xenlab::serial_cli {
namespace {

using std::chrono::milliseconds;
constexpr std::size_t most_heard = 16U << 20U;

std::string base64(View data)
{
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < data.size(); i += 3) {
        const std::size_t left = std::min<std::size_t>(3, data.size() - i);
        std::uint32_t word = 0;
        for (std::size_t k = 0; k < 3; ++k)
            word = word << 8U | (k < left ? bytes::u8(data, i + k) : 0U);
        for (std::size_t k = 0; k < 4; ++k)
            out += k <= left ? letters[word >> (18 - 6 * k) & 63U] : '=';
    }
    return out;
}

} // namespace

std::string shell_quoted(std::string_view text)
{
    std::string out = "'";
    for (const char c : text)
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

Shell::Shell(Client& client) : client_(client)
{
    client_.raw(RawMode::writer);
}

Shell::~Shell()
{
    if (!logged_in_)
        return;
    try {
        type(" exit\r");
        client_.request(Kind::status);
        client_.next(Client::Clock::now() + milliseconds(500));
    } catch (...) { // NOLINT(bugprone-empty-catch): the port has gone, and the shell with it
    }
}

void Shell::type(std::string_view text)
{
    client_.write(as_view(text));
}

std::string Shell::fresh_mark()
{
    std::random_device device;
    return fmt::format("{:08x}{:08x}", device(), device());
}

std::string Shell::wait(const std::vector<std::string>& words, milliseconds limit,
                        std::size_t* which)
{
    const auto until = Client::Clock::now() + limit;
    for (;;) {
        for (std::size_t i = 0; i < words.size(); ++i) {
            const std::size_t at = heard_.find(words[i]);
            if (at == std::string::npos)
                continue;
            std::string found = heard_.substr(0, at + words[i].size());
            heard_.erase(0, found.size());
            if (which != nullptr)
                *which = i;
            return found;
        }
        if (Client::Clock::now() >= until)
            throw Error(Errc::timeout, "the guest's console does not answer");
        if (heard_.size() > most_heard)
            throw Error(Errc::failed, "the guest writes without end");
        const auto event = client_.next(until);
        if (event && event->kind == Client::Event::Kind::bytes)
            heard_ += to_text(event->body);
    }
}

void Shell::prepare()
{
    const std::string mark = fresh_mark();
    // The quotes keep the mark itself out of what is typed and echoed.
    type(fmt::format(" PS1=; PS2=; unset HISTFILE PROMPT_COMMAND; stty -echo -opost -ixon "
                     "2>/dev/null; printf '\\nXL''R%s\\n' {}\r",
                     mark));
    wait({"\nXLR" + mark + "\n", "\nXLR" + mark + "\r\n"}, milliseconds(30'000));
    heard_.clear();
}

void Shell::log_in(const std::string& user, const std::string& password_file)
{
    // A line that is half typed goes away first (ctrl-u), then the prompt comes again.
    type("\x15\r");
    std::size_t which = 0;
    bool shell = false;
    for (int tries = 0; tries < 8; ++tries) {
        try {
            wait({"login: ", "assword: ", "# ", "$ ", "> "}, milliseconds(3000), &which);
        } catch (const Error& error) {
            if (error.code() != Errc::timeout)
                throw;
            type("\r");
            continue;
        }
        if (which >= 2) {
            shell = true;
            break;
        }
        if (which == 1) { // somebody's attempt; let it fail
            type("\r");
            continue;
        }
        break;
    }
    if (which != 0 && !shell)
        throw Error(Errc::unreachable, "neither an agent nor a login prompt answers on the port");
    if (!shell) {
        if (user.empty())
            throw Error(Errc::unreachable, "there is a login prompt",
                        "-u USER --login-file FILE logs in");
        std::string password;
        if (!password_file.empty()) {
            std::ifstream file(password_file);
            if (!std::getline(file, password))
                throw Error(Errc::not_found,
                            fmt::format("{}: cannot be read", text::printable(password_file)));
        }
        heard_.clear();
        type(user + "\r");
        wait({"assword: ", "# ", "$ ", "> "}, milliseconds(15'000), &which);
        if (which == 0) {
            type(password + "\r");
            wait({"ncorrect", "# ", "$ ", "> "}, milliseconds(30'000), &which);
            if (which == 0)
                throw Error(Errc::unreachable, "the guest refuses the login",
                            "check the user and the first line of --login-file");
        }
        logged_in_ = true;
    }
    prepare();
}

Shell::Result Shell::run(const std::string& command, milliseconds limit)
{
    const std::string mark = fresh_mark();
    if (command.size() > 3500)
        throw Error(Errc::usage, "the command is too long for a terminal line",
                    "copy a script first, or install the agent");
    type(fmt::format(" printf '\\nXL''B%s\\n' {0}; sh -c {1} </dev/null 2>/tmp/.xl{0}; printf "
                     "'\\nXL''E%s %d\\n' {0} $?; "
                     "cat /tmp/.xl{0}; rm -f /tmp/.xl{0}; printf '\\nXL''F%s\\n' {0}\r",
                     mark, shell_quoted(command)));
    Result result;
    const std::string end = "\nXLE" + mark + " ";
    try {
        wait({"\nXLB" + mark + "\n"}, milliseconds(10'000));
        result.out = wait({end}, limit);
    } catch (const Error& error) {
        if (error.code() != Errc::timeout)
            throw;
        type("\x03");
        result.timed_out = true;
        return result;
    }
    result.out.resize(result.out.size() - end.size());
    const auto code = text::parse_u64(text::trim(wait({"\n"}, milliseconds(10'000))));
    const std::string last = "\nXLF" + mark + "\n";
    result.err = wait({last}, milliseconds(60'000));
    result.err.resize(result.err.size() - last.size());
    if (!code || *code > 255)
        throw Error(Errc::failed, "the guest's shell answered without an exit code");
    result.code = static_cast<std::uint32_t>(*code);
    return result;
}

void Shell::put(View content, const std::string& path,
                const std::function<void(std::size_t)>& progress)
{
    // Each piece is answered before the next is sent, so no terminal buffer overflows.
    constexpr std::size_t piece = 1500;
    const std::string name = shell_quoted(path + ".b64");
    run("rm -f " + name, milliseconds(10'000));
    for (std::size_t at = 0; at < content.size(); at += piece) {
        const View part = content.subspan(at, std::min(piece, content.size() - at));
        const Result result =
            run(fmt::format("echo {} >>{}", base64(part), name), milliseconds(60'000));
        if (result.timed_out)
            throw Error(Errc::timeout, "the guest's shell does not answer any more");
        if (result.code != 0)
            throw Error(Errc::failed, "guest: " + text::printable(result.err));
        progress(at + part.size());
    }
    serial::Sha256 hash;
    hash.update(content);
    const Result result = run(
        fmt::format("base64 -d <{0} >{1} && rm -f {0} && sha256sum <{1}", name, shell_quoted(path)),
        milliseconds(60'000));
    if (result.code != 0)
        throw Error(Errc::failed, "guest: " + text::printable(result.err));
    if (!result.out.starts_with(bytes::to_hex(hash.digest())))
        throw Error(Errc::bad_data,
                    fmt::format("{}: the checksum in the guest is wrong", text::printable(path)));
}

std::string Shell::terminal()
{
    // The shell's own standard input is the port; that of a command is not.
    const Result result = run("readlink /proc/$PPID/fd/1", milliseconds(10'000));
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
