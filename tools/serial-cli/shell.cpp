// SPDX-License-Identifier: GPL-3.0-or-later
// Coming in: from a silent port to a shell that listens.
#include "shell.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/options.hpp>

#include <fmt/format.h>

#include <fstream>

namespace xenlab::serial_cli {
namespace {

using std::chrono::milliseconds;
constexpr std::size_t most_heard = 16U << 20U;
constexpr int most_names = 5, most_passwords = 2; // accounts are locked after a few

const std::vector<std::string>& prompts()
{
    static const std::vector<std::string> words{"login: ", "assword: ", "# ", "$ ", "> "};
    return words;
}
enum Prompt : std::size_t { login_prompt, password_prompt, shell_prompt };

std::string first_line_of(const std::string& path)
{
    std::string line;
    if (path.empty())
        return line;
    std::ifstream file(path);
    if (!std::getline(file, line))
        throw Error(Errc::not_found, fmt::format("{}: cannot be read", text::printable(path)));
    return line;
}

} // namespace

void declare_login(cli::OptionSet& set, Login& login, const char* user)
{
    set.add_option("-u,--user", login.user, user).type_name("USER");
    set.add_option("--login-file", login.file,
                   "Without an agent: first line the password of USER at the login prompt")
        .type_name("FILE");
    set.add_choice(
        "--through", login.through, {"auto", "agent", "shell"},
        "What does it: the agent, or a shell that is typed into (auto: the agent if it answers)");
}

bool attach_or_shell(Client& client, const Login& login)
{
    if (login.through == "shell")
        return false;
    try {
        client.attach();
        return true;
    } catch (const Error& error) {
        const bool may_login = !login.user.empty() && !login.file.empty();
        if (error.code() != Errc::unreachable || login.through != "auto" || !may_login)
            throw;
        client.context().detail("no agent answers; trying the login prompt");
        return false;
    }
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
        heard_.clear();
        type(" exit\r");
        // The next of us would else take the old shell's prompt for a shell.
        heard({"login: "}, milliseconds(2000), nullptr);
    } catch (...) { // NOLINT(bugprone-empty-catch): the port has gone, and the shell with it
    }
}

void Shell::type(std::string_view text)
{
    client_.write(as_view(text));
}

std::optional<std::string> Shell::heard(const std::vector<std::string>& words, milliseconds limit,
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
            return std::nullopt;
        if (heard_.size() > most_heard)
            throw Error(Errc::failed, "the guest writes without end");
        const auto event = client_.next(until);
        if (event && event->kind == Client::Event::Kind::bytes)
            heard_ += to_text(event->body);
    }
}

std::string Shell::wait(const std::vector<std::string>& words, milliseconds limit,
                        std::size_t* which)
{
    auto found = heard(words, limit, which);
    if (!found)
        throw Error(Errc::timeout, "the guest's console does not answer");
    return std::move(*found);
}

/// What comes when a line was typed; return is pressed again where it was lost.
std::optional<std::string>
Shell::answer_to(const std::string& line, const std::vector<std::string>& words, std::size_t* which)
{
    type(line + "\r");
    for (int tries = 0; tries < 3; ++tries) {
        if (auto found = heard(words, milliseconds(15'000), which))
            return found;
        type("\r");
    }
    return std::nullopt;
}

/// Presses return until a login prompt or a shell shows; true for a shell.
bool Shell::find_prompt()
{
    type(std::string(fresh_line) + "\r");
    for (int tries = 0; tries < 9; ++tries) {
        std::size_t which = 0;
        const auto any = heard(prompts(), milliseconds(2500), &which);
        if (any && which >= shell_prompt) {
            logged_in_ = any->ends_with(our_prompt); // left by one of us that was killed
            return true;
        }
        if (any && which == login_prompt)
            return false;
        // Somebody's attempt to log in may fail; what one of us ran before it was killed may end.
        type((tries == 1 ? "\x03" : "") + std::string(fresh_line) + "\r");
    }
    throw Error(Errc::unreachable, "neither an agent nor a login prompt answers on the port");
}

/// Until the shell is there. The echo shows whether the name arrived whole; a password has none,
/// so a wrong one gets a second chance.
void Shell::give_name(const std::string& user, const std::string& password)
{
    int refused = 0;
    for (int tries = 0; tries < most_names; ++tries) {
        std::size_t which = 0;
        heard_.clear();
        const auto echo = answer_to(user, prompts(), &which);
        if (!echo)
            break;
        if (which == login_prompt)
            continue; // only the return was taken
        if (which >= shell_prompt)
            return; // no password is wanted
        const bool whole = echo->find(user) != std::string::npos;
        if (!answer_to(whole ? password : "", {"ncorrect", "# ", "$ ", "> "}, &which))
            break;
        if (which > 0)
            return;
        if (whole && ++refused == most_passwords)
            break;
        answer_to("", {"login: "}, nullptr);
    }
    throw Error(Errc::unreachable, "the guest refuses the login",
                "check the user and the first line of --login-file");
}

void Shell::log_in(const std::string& user, const std::string& password_file)
{
    for (int tries = 0; tries < 3; ++tries) {
        if (!find_prompt()) {
            if (user.empty())
                throw Error(Errc::unreachable, "there is a login prompt",
                            "-u USER --login-file FILE logs in");
            give_name(user, first_line_of(password_file));
            logged_in_ = true;
        }
        if (prepare())
            return;
        logged_in_ = false; // what looked like a shell was the last word of one
    }
    throw Error(Errc::unreachable, "no shell answers on the port");
}

} // namespace xenlab::serial_cli
