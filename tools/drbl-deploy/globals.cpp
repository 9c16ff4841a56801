// SPDX-License-Identifier: GPL-3.0-or-later
#include "globals.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <sstream>

#include <unistd.h>

namespace drbl_deploy {

void declare_globals(cli::OptionSet& options, Globals& globals)
{
    options
        .add_option("--server", globals.server,
                    "The DRBL server: [USER@]HOST[:PORT] or a name of ssh_config(5); by default "
                    "XENLAB_DRBL_SERVER, then the config file")
        .type_name("HOST")
        .group("Server");
    options
        .add_option("--ssh-config", globals.ssh_config, "Read this file instead of ~/.ssh/config")
        .type_name("FILE")
        .group("Server");
    options
        .add_option("--config", globals.config,
                    "Profiles and the usual server (default ~/.config/xenlab/drbl-deploy.toml)")
        .type_name("FILE")
        .group("Server");
}

drbl::Profiles load_profiles(const Globals& globals)
{
    std::string path = globals.config;
    if (path.empty()) {
        const char* xdg = std::getenv("XDG_CONFIG_HOME");
        const char* home = std::getenv("HOME");
        path = xdg != nullptr && *xdg == '/'
                   ? std::string(xdg)
                   : std::string(home == nullptr ? "" : home) + "/.config";
        path += "/xenlab/drbl-deploy.toml";
    }
    std::ifstream in(path);
    if (!in && globals.config.empty())
        return {};
    std::ostringstream text;
    text << in.rdbuf();
    if (!in)
        throw Error(Errc::not_found, fmt::format("{}: cannot be read", text::printable(path)));
    return drbl::parse_profiles(text.str(), path);
}

std::string server_of(const Globals& globals)
{
    if (!globals.server.empty())
        return globals.server;
    if (const char* env = std::getenv("XENLAB_DRBL_SERVER"); env != nullptr && *env != '\0')
        return env;
    return load_profiles(globals).server;
}

Server::Server(const Globals& globals, const cli::Context& context) : Server(globals, context.stop)
{
    note_ = [&context](std::string_view words) { context.note(words); };
}

Server::Server(const Globals& globals, std::stop_token stop)
    : name_(server_of(globals)), ssh_config_(globals.ssh_config), stop_(std::move(stop))
{
    if (name_.empty())
        throw Error(Errc::usage, "which server is missing",
                    "use --server HOST, XENLAB_DRBL_SERVER, or server = \"HOST\" in the config "
                    "file");
    transport::parse_ssh_target(name_); // before anything else is done
}

Server::~Server() = default;

void Server::disconnect()
{
    session_.reset();
}

transport::SshResult Server::run(const drbl::RemoteScript& script,
                                 std::chrono::milliseconds timeout, bool cleaning_up)
{
    if (!session_ || !session_->alive()) {
        transport::SshOptions options;
        options.config_file = ssh_config_;
        options.note = note_;
        session_ = transport::connect_ssh(transport::parse_ssh_target(name_), options,
                                          cleaning_up ? std::stop_token() : stop_);
    }
    transport::SshRunOptions options;
    options.input = script.input;
    options.stop = cleaning_up ? std::stop_token() : stop_;
    options.timeout = timeout;
    options.limit = 64U << 20U;
    auto result = transport::run_ssh(*session_, script.command, options);
    if (result.exit.status == 127)
        throw Error(Errc::precondition,
                    fmt::format("{}: {}", name_, text::quoted(text::trim(result.err), 200)),
                    "a DRBL server has perl, flock and sudo for logins that are not root's");
    if (result.exit.status == 1 && text::trim(result.err).starts_with("sudo:"))
        throw Error(Errc::precondition,
                    fmt::format("{}: cannot become root: {}", name_,
                                text::quoted(text::trim(result.err), 200)),
                    "log in as root, or let that user run sudo without a password");
    return result;
}

std::vector<drbl::Record> Server::survey(const std::vector<std::string>& topics)
{
    const auto result = run(drbl::survey(topics));
    if (!result.exit.ok())
        require_success(result, "looking at the server");
    return drbl::read_records(result.out);
}

void require_success(const transport::SshResult& result, std::string_view what)
{
    if (result.exit.ok())
        return;
    std::string_view words = text::trim(result.err.empty() ? result.out : result.err);
    if (words.size() > 300)
        words.remove_prefix(words.size() - 300);
    if (result.exit.status == 75)
        throw Error(Errc::precondition,
                    fmt::format("{}: another drbl-deploy is at work on it", what),
                    "try again in a moment");
    throw Error(Errc::failed,
                fmt::format("{} failed on the server: {}{}{}", what,
                            transport::describe(result.exit), words.empty() ? "" : ": ",
                            words.empty() ? "" : text::quoted(words, 300)));
}

void confirm(const cli::Context& context, bool yes, const std::string& question)
{
    if (yes)
        return;
    if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1)
        throw Error(Errc::ambiguous, fmt::format("{} needs to be confirmed", question),
                    "add --yes");
    context.note(fmt::format("{}? [y/N]", question));
    std::string answer;
    std::getline(std::cin, answer);
    if (answer != "y" && answer != "Y" && answer != "yes")
        throw Error(Errc::ambiguous, "not confirmed");
}

std::string rfc3339(std::int64_t seconds)
{
    if (seconds <= 0 || seconds > 253'402'300'799) // the year 9999
        return {};
    const std::time_t time = seconds;
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", parts);
}

} // namespace drbl_deploy
