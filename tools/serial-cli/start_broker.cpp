// SPDX-License-Identifier: GPL-3.0-or-later
#include "start_broker.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/io/process.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace xenlab::serial_cli {

std::string socket_path_of(const Target& target)
{
    return runtime_folder() + "/" + file_name_of(target) + ".sock";
}

std::string log_path_of(const Target& target)
{
    return state_folder() + "/" + file_name_of(target) + ".log";
}

io::Fd connect_broker(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        throw Error(Errc::usage, "the path of the broker's socket is too long",
                    "set XDG_RUNTIME_DIR to a short path");
    std::memcpy(address.sun_path, path.data(), path.size());
    io::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd)
        throw system_error(errno, "socket");
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return {};
    return fd;
}

std::optional<io::Fd> lock_target(const Target& target)
{
    io::Fd lock = io::open_file(runtime_folder() + "/" + file_name_of(target) + ".lock",
                                O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
        return std::nullopt;
    return lock;
}

namespace {

std::vector<std::string> pool_words(const PoolOptions& pool)
{
    std::vector<std::string> words;
    const std::array<std::pair<const char*, const std::string*>, 5> options{
        {{"--context", &pool.context},
         {"--host", &pool.host},
         {"--password-file", &pool.password_file},
         {"--pin", &pool.pin},
         {"--ssh-config", &pool.ssh_config}}};
    for (const auto& [name, value] : options)
        if (!value->empty())
            words.insert(words.end(), {name, *value});
    return words;
}

} // namespace

std::vector<std::string> globals_but_target(const Globals& globals)
{
    std::vector<std::string> words = pool_words(globals.pool);
    words.insert(words.end(),
                 {"--link-timeout", fmt::format("{}ms", globals.link_timeout.count()),
                  "--attach-timeout", fmt::format("{}ms", globals.attach_timeout.count())});
    if (!globals.secret_file.empty())
        words.insert(words.end(), {"--secret-file", globals.secret_file});
    return words;
}

namespace {

/// A session of its own and no terminal: it outlives us.
pid_t spawn(const Target& target, const Globals& globals)
{
    std::vector<std::string> words{"serial-cli", "broker", "-t", target.text};
    const auto pool = pool_words(globals.pool);
    words.insert(words.end(), pool.begin(), pool.end());
    using io::ProcessOptions;
    return io::start_process("/proc/self/exe", words,
                             {.in = ProcessOptions::nothing,
                              .out = ProcessOptions::nothing,
                              .err = ProcessOptions::nothing,
                              .group = ProcessOptions::Group::session});
}

} // namespace

io::Fd start_broker(const Target& target, const Globals& globals, const std::stop_token& stop)
{
    const std::string path = socket_path_of(target);
    pid_t child = 0;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < until && !stop.stop_requested()) {
        if (io::Fd fd = connect_broker(path))
            return fd;
        int status = 0;
        if (child == 0)
            child = spawn(target, globals);
        else if (::waitpid(child, &status, WNOHANG) == child && WIFEXITED(status) &&
                 WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != exit_code(Errc::precondition))
            throw Error(Errc::failed, "the broker did not start",
                        "serial-cli broker -t TARGET tells why");
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    throw Error(stop.stop_requested() ? Errc::interrupted : Errc::timeout,
                "the broker does not answer");
}

} // namespace xenlab::serial_cli
