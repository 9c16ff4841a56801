// SPDX-License-Identifier: GPL-3.0-or-later
// A real sshd on loopback with keys of its own, in a scratch folder.
#pragma once

#include "support/scratch.hpp"

#include <xenlab/transport/ssh.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <pwd.h>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ; // NOLINT: POSIX's name

namespace xenlab::test {

inline bool have_sshd()
{
    return ::access("/usr/sbin/sshd", X_OK) == 0 && ::access("/usr/bin/ssh-keygen", X_OK) == 0;
}

inline int run(const std::string& command)
{
    return std::system(command.c_str()); // NOLINT: test code, words of our own
}

inline std::uint16_t free_port()
{
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    ::bind(fd, reinterpret_cast<sockaddr*>(&address), length);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
    ::close(fd);
    return ntohs(address.sin_port);
}

/// Accepts in the kernel's queue only, and never says a word.
inline int silent_listener(std::uint16_t port)
{
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(fd, 5) != 0)
        throw std::runtime_error("cannot listen");
    return fd;
}

inline int silent_unix_listener(const std::string& path)
{
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(fd, 5) != 0)
        throw std::runtime_error("cannot listen");
    return fd;
}

inline std::string read_file(const std::string& path)
{
    std::ifstream stream(path);
    return {std::istreambuf_iterator<char>(stream), {}};
}

inline void write_file(const std::string& path, const std::string& text)
{
    std::ofstream(path) << text;
    ::chmod(path.c_str(), 0600);
}

inline std::string our_name()
{
    return ::getpwuid(::getuid())->pw_name;
}

inline void collect_tree(pid_t root, std::vector<pid_t>& tree)
{
    tree.push_back(root);
    std::FILE* list = ::popen(("pgrep -P " + std::to_string(root)).c_str(), "r"); // NOLINT
    std::vector<pid_t> children;
    for (int child = 0; std::fscanf(list, "%d", &child) == 1;) // NOLINT: numbers from pgrep
        children.push_back(child);
    ::pclose(list);
    for (const pid_t child : children)
        collect_tree(child, tree);
}

/// The process and all that came from it, parents first: an sshd that outlived its command by a
/// moment would still report how that ended.
inline void signal_tree(pid_t root, int signal)
{
    std::vector<pid_t> tree;
    collect_tree(root, tree);
    for (const pid_t process : tree)
        ::kill(process, signal);
}

/// Ends with its owner. `extra` are lines of sshd_config.
class SshServer {
  public:
    explicit SshServer(const std::string& extra = {}, const std::string& key_type = "ed25519")
        : key_type_(key_type), extra_(extra)
    {
        make_key("host_key", key_type);
        make_key("user_key", "ed25519");
        run("cp '" + at("user_key.pub") + "' '" + at("authorized_keys") + "'");
        start();
    }
    ~SshServer() { stop(); }
    SshServer(const SshServer&) = delete;
    SshServer& operator=(const SshServer&) = delete;

    [[nodiscard]] std::string at(const std::string& name) const { return scratch_ / name; }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] pid_t pid() const { return pid_; }

    void make_key(const std::string& name, const std::string& type, const std::string& phrase = {})
    {
        run("rm -f '" + at(name) + "'*; ssh-keygen -q -t " + type + " -N '" + phrase + "' -f '" +
            at(name) + "'");
    }

    /// The line of known_hosts for this server.
    [[nodiscard]] std::string known_host(const std::string& name) const
    {
        const std::string key = read_file(at("host_key.pub"));
        return name + " " + key.substr(0, key.find(' ', key.find(' ') + 1)) + "\n";
    }

    /// A configuration with everything needed to log in as host alias "lab"; `extra` comes first.
    std::string config(const std::string& extra = {})
    {
        write_file(at("known_hosts"), known_host("[127.0.0.1]:" + std::to_string(port_)));
        write_file(at("config"), extra + "Host lab\n  HostName 127.0.0.1\n  Port " +
                                     std::to_string(port_) + "\nHost *\n  User " + our_name() +
                                     "\n  IdentityFile \"" + at("user_key") +
                                     "\"\n  IdentityAgent none\n  UserKnownHostsFile \"" +
                                     at("known_hosts") + "\"\n  GlobalKnownHostsFile none\n");
        return at("config");
    }

    std::unique_ptr<transport::SshSession> connect(const std::string& extra = {},
                                                   std::stop_token stop = {})
    {
        transport::SshOptions options;
        options.config_file = config(extra);
        options.note = [this](std::string_view words) { notes.emplace_back(words); };
        return transport::connect_ssh({.user = "", .host = "lab", .port = 0}, options, stop);
    }

    void start()
    {
        ::mkdir(at("home").c_str(), 0700); // the user's own .bashrc stays out of the tests
        if (::getuid() == 0)
            ::mkdir("/run/sshd", 0755); // where the unprivileged part of sshd lives
        port_ = port_ != 0 ? port_ : free_port();
        write_file(at("sshd_config"),
                   extra_ + "ListenAddress 127.0.0.1\nPort " + std::to_string(port_) +
                       "\nHostKey \"" + at("host_key") + "\"\nAuthorizedKeysFile \"" +
                       at("authorized_keys") +
                       "\"\nPidFile none\nStrictModes no\nUsePAM no\n"
                       "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
                       "PermitUserEnvironment no\nPrintMotd no\nPrintLastLog no\n"
                       "PermitRootLogin yes\nLogLevel VERBOSE\nSetEnv \"HOME=" +
                       at("home") + "\"\n");
        std::array<std::string, 6> words{"/usr/sbin/sshd", "-D", "-e", "-f", at("sshd_config"), ""};
        std::array<char*, 6> argv{};
        for (std::size_t i = 0; i < 5; ++i)
            argv.at(i) = words.at(i).data();
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, 2, at("log").c_str(),
                                           O_WRONLY | O_CREAT | O_APPEND, 0600);
        posix_spawnattr_t attributes;
        ::posix_spawnattr_init(&attributes);
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        const int error =
            ::posix_spawn(&pid_, words[0].c_str(), &actions, &attributes, argv.data(), environ);
        ::posix_spawnattr_destroy(&attributes);
        ::posix_spawn_file_actions_destroy(&actions);
        if (error != 0)
            throw std::runtime_error("sshd does not start");
        for (int i = 0;
             i < 200 && read_file(at("log")).find("Server listening") == std::string::npos; ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }

    /// Everything that serves connections, too.
    void stop()
    {
        if (pid_ <= 0)
            return;
        signal_tree(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
        ::truncate(at("log").c_str(), 0);
    }

    std::vector<std::string> notes;

  private:
    Scratch scratch_;
    std::string key_type_, extra_;
    std::uint16_t port_ = 0;
    pid_t pid_ = -1;
};

} // namespace xenlab::test
