// SPDX-License-Identifier: GPL-3.0-or-later
// From options to a login on a pool: contexts, environment, credentials, pins, cached sessions.
//
//   struct Options { lab::ConnectOptions connect; lab::TargetOptions targets; };
//   declare: lab::declare_connect_options(app, o.connect);
//   run:     lab::Pools pools(o.connect, lab::Words{note, detail}, context.stop);
//            auto vms = lab::resolve_vms(pools, o.targets);           // lab/targets.hpp
//            vms[0].pool->session().call("VM.get_domid", {…});
//
// Order of precedence: flag, environment (XENLAB_CONTEXT, XENLAB_HOST, XENLAB_USER,
// XENLAB_PASSWORD_FILE), context in the config file. A password is looked for in --password-fd,
// --password-file, XENLAB_PASSWORD_FILE, password-file, password-command, ~/.netrc, and is asked
// for on a terminal; never on the command line or in the environment.
#pragma once

#include <xenlab/lab/config.hpp>
#include <xenlab/xapi/session.hpp>
#include <xenlab/xapi/tasks.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::cli {
class OptionSet;
}

namespace xenlab::lab {

/// The values of the shared connection options, empty where not given.
struct ConnectOptions {
    std::string context; ///< -c; several separated by commas
    std::string host;    ///< --host: a pool without a context
    std::string user;
    std::string password_file;
    int password_fd = -1;
    std::string pin;        ///< --pin sha256:…
    bool never_ask = false; ///< no password from the terminal (completion)
};

/// Declares -c/--context, --host, --user, --password-file, --password-fd and --pin in the option
/// group "Connection".
void declare_connect_options(cli::OptionSet& set, ConnectOptions& options);

/// Where words for people go; each may be empty. They are printable already.
struct Words {
    std::function<void(std::string_view)> note;   ///< a certificate was pinned, a failover…
    std::function<void(std::string_view)> detail; ///< with -v
};

/// Where a value of the connection comes from, for `xvm ctx show --origin`.
struct Origin {
    std::string key, value,
        from; ///< "host", "xen1.lab", "flag" | "env XENLAB_HOST" | "context lab"
};

/// One pool. The session logs in when the first call needs it. Thread-safe as Session is.
class Pool {
  public:
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    [[nodiscard]] const std::string& name() const noexcept; ///< of the context, or the host
    [[nodiscard]] const ContextConfig& config() const noexcept;
    [[nodiscard]] const std::vector<Origin>& origins() const noexcept;
    xapi::Session& session();
    /// Ends the login that is kept between runs, here and on the server; false when there is none.
    bool log_out();
    /// Waits for tasks of this pool; one event loop for all threads.
    xapi::TaskWatch& tasks();
    /// The hosts, asked for once.
    const std::vector<xapi::Object<xapi::Host>>& hosts();
    /// The host's record, or nullptr.
    const xapi::Object<xapi::Host>* host(const xapi::Ref<xapi::Host>& ref);
    /// Where SSH for that host goes: [context.NAME.ssh], else root@ADDRESS.
    std::string ssh_destination(const xapi::Object<xapi::Host>& host);
    /// Where HTTPS of that host goes: its address with the port of the coordinator, or the
    /// coordinator as it was given when it is that host.
    xapi::Endpoint endpoint_of(const xapi::Object<xapi::Host>& host);
    /// File of the names for completion (lab/names.hpp).
    [[nodiscard]] std::string names_file() const;

  private:
    friend class Pools;
    class Impl;
    explicit Pool(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// All pools that a command may talk to. One thread, except for the pools themselves.
class Pools {
  public:
    /// Reads the config file; no network. Throws Error{usage}.
    Pools(ConnectOptions options, Words words, std::stop_token stop);
    ~Pools();
    Pools(const Pools&) = delete;
    Pools& operator=(const Pools&) = delete;

    /// Those of -c (or the environment, or the default, or the only one). Throws Error{usage} with
    /// the way to make a context when there is none.
    std::vector<Pool*> chosen();
    /// The only chosen one; Error{usage} when -c names several.
    Pool& single();
    /// A context by its name (for CTX/NAME targets). Throws Error{not_found} with a near miss.
    Pool& named(const std::string& context);
    [[nodiscard]] bool knows(const std::string& context) const noexcept;
    [[nodiscard]] const Config& config() const noexcept;

    /// Every login of this command, so that a failure in one batch row can be explained.
    [[nodiscard]] const std::stop_token& stop() const noexcept;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace xenlab::lab
