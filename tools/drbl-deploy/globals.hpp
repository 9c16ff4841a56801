// SPDX-License-Identifier: GPL-3.0-or-later
// What all verbs of drbl-deploy share: options, the config file, and the way to the server.
#pragma once

#include <xenlab/cli/context.hpp>
#include <xenlab/cli/options.hpp>
#include <xenlab/cli/verbs.hpp>
#include <xenlab/drbl/profiles.hpp>
#include <xenlab/drbl/records.hpp>
#include <xenlab/drbl/scripts.hpp>
#include <xenlab/transport/ssh.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace drbl_deploy {

using namespace xenlab;

struct Globals {
    std::string server;     ///< --server
    std::string ssh_config; ///< --ssh-config
    std::string config;     ///< --config
};

void declare_globals(cli::OptionSet& options, Globals& globals);

/// The config file; a missing one is empty, unless it was named.
drbl::Profiles load_profiles(const Globals& globals);

/// The server that is meant: --server, XENLAB_DRBL_SERVER, the config file's; empty for none.
std::string server_of(const Globals& globals);

/// A login on the server. Connects when it is first needed, and anew when it broke. One thread.
class Server {
  public:
    /// Throws Error{usage} when no server is named.
    Server(const Globals& globals, const cli::Context& context);
    /// The same without words, for TAB.
    Server(const Globals& globals, std::stop_token stop);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Runs a script to its end. Its exit status is the caller's to judge; throws
    /// Error{unreachable} when there is no way in, {precondition} when it cannot become root there.
    transport::SshResult run(const drbl::RemoteScript& script,
                             std::chrono::milliseconds timeout = std::chrono::seconds(60),
                             bool cleaning_up = false);
    std::vector<drbl::Record> survey(const std::vector<std::string>& topics);
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// Forgets the connection.
    void disconnect();

  private:
    std::string name_;
    std::string ssh_config_;
    std::stop_token stop_;
    std::function<void(std::string_view)> note_;
    std::unique_ptr<transport::SshSession> session_;
};

/// Throws Error{failed} with the last words of the script when it did not exit with 0.
void require_success(const transport::SshResult& result, std::string_view what);

/// Asks on a terminal, unless `yes`; throws Error{ambiguous} without one.
void confirm(const cli::Context& context, bool yes, const std::string& question);

/// "2026-11-25T21:58:40Z"
std::string rfc3339(std::int64_t seconds);

using Verb = cli::Verb<Globals>;
std::vector<Verb> job_verbs();
std::vector<Verb> status_verbs();
std::vector<Verb> image_verbs();
std::vector<Verb> client_verbs();
std::vector<Verb> forward_verbs();

} // namespace drbl_deploy
