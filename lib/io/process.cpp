// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/io/process.hpp>

#include <cerrno>
#include <csignal>
#include <spawn.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ; // NOLINT: POSIX's name

namespace xenlab::io {
namespace {

/// What posix_spawn(3) is told; both have memory of their own in some C libraries.
struct Orders {
    posix_spawn_file_actions_t files{};
    posix_spawnattr_t attributes{};
    Orders()
    {
        ::posix_spawn_file_actions_init(&files);
        ::posix_spawnattr_init(&attributes);
    }
    ~Orders()
    {
        ::posix_spawn_file_actions_destroy(&files);
        ::posix_spawnattr_destroy(&attributes);
    }
    Orders(const Orders&) = delete;
    Orders& operator=(const Orders&) = delete;

    void stream(int theirs, int wish)
    {
        if (wish == ProcessOptions::nothing)
            ::posix_spawn_file_actions_addopen(&files, theirs, "/dev/null", O_RDWR, 0);
        else if (wish != ProcessOptions::ours)
            ::posix_spawn_file_actions_adddup2(&files, wish, theirs);
    }
};

} // namespace

pid_t start_process(const std::string& program, std::vector<std::string> words,
                    const ProcessOptions& options)
{
    Orders orders;
    orders.stream(STDIN_FILENO, options.in);
    orders.stream(STDOUT_FILENO, options.out);
    orders.stream(STDERR_FILENO, options.err);
    using Group = ProcessOptions::Group;
    int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (options.group != Group::ours)
        flags |= options.group == Group::own ? POSIX_SPAWN_SETPGROUP : POSIX_SPAWN_SETSID;
    sigset_t signals;
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&orders.attributes, &signals);
    ::sigaddset(&signals, SIGPIPE); // which we ignore
    ::posix_spawnattr_setsigdefault(&orders.attributes, &signals);
    ::posix_spawnattr_setflags(&orders.attributes, static_cast<short>(flags));
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child = 0;
    if (const int error = ::posix_spawnp(&child, program.c_str(), &orders.files, &orders.attributes,
                                         arguments.data(), environ))
        throw system_error(error, program);
    return child;
}

pid_t start_shell(const std::string& text, const ProcessOptions& options)
{
    return start_process("/bin/sh", {"sh", "-c", text}, options);
}

int wait_for_process(pid_t child)
{
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

} // namespace xenlab::io
