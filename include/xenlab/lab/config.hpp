// SPDX-License-Identifier: GPL-3.0-or-later
// Contexts: named pools with how to reach and log in to them.
//
//   # $XDG_CONFIG_HOME/xenlab/config (TOML)
//   default = "lab"
//   [context.lab]
//   host = "xen1.lab"                # or host:port; members and renamed coordinators are found
//   user = "root"                    # default root
//   password-file = "~/.config/xenlab/lab.password"   # must not be readable by others
//   password-command = "pass show lab/xen"            # its first line of output
//   pin = "sha256:…"                 # optional: the server's certificate; else pinned on first use
//   members = ["10.0.0.2", "10.0.0.3"]                # tried when `host` does not answer
//   [context.lab.ssh]
//   host1 = "root@xen1.lab:22"       # where SSH for a host goes; default root@ADDRESS
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace xenlab::lab {

struct ContextConfig {
    std::string name;
    std::string host;
    std::string user = "root";
    std::string password_file;
    std::string password_command;
    std::string pin;
    std::vector<std::string> members;
    std::map<std::string, std::string> ssh; ///< host name or uuid -> [USER@]HOST[:PORT]
};

/// Plain data; load() and save() are the only I/O.
struct Config {
    std::string path;
    std::string default_context;
    std::vector<ContextConfig> contexts; ///< in the order of the file

    [[nodiscard]] const ContextConfig* find(const std::string& name) const noexcept;

    /// A missing file is an empty config. Throws Error{usage} with file and line for what is wrong
    /// in it, unknown keys included.
    static Config load(const std::string& path);
    static Config load() { return load(default_path()); }
    /// Replaces the file at once (mode 0600); comments are not kept.
    void save() const;
    static std::string default_path();
};

/// $XDG_CONFIG_HOME/xenlab, $XDG_STATE_HOME/xenlab (pins) and $XDG_RUNTIME_DIR/xenlab (sessions and
/// names; a private folder in /tmp without it, checked to be ours). The last two are made, 0700.
std::string config_dir();
std::string state_dir();
std::string runtime_dir();

} // namespace xenlab::lab
