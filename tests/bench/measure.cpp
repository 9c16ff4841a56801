// SPDX-License-Identifier: GPL-3.0-or-later
// measure COMMAND ARGUMENT...: runs it and writes one line to descriptor 3:
//     wall-nanoseconds user-microseconds system-microseconds peak-RSS-KiB exit-status
// A program of its own, because Linux counts the memory of the process that forks as the child's:
// started from Python, nothing would ever need less than Python does.
#include <cstdio>
#include <spawn.h>
#include <time.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace {

long long nanoseconds()
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

long long microseconds(const timeval& time)
{
    return time.tv_sec * 1'000'000LL + time.tv_usec;
}

} // namespace

int main(int argc, char** argv)
{
    if (argc < 2) {
        std::fputs("usage: measure COMMAND [ARGUMENT...] 3>RESULT\n", stderr);
        return 2;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addclose(&actions, 3);
    const long long begin = nanoseconds();
    pid_t child = 0;
    if (posix_spawnp(&child, argv[1], &actions, nullptr, argv + 1, environ) != 0) {
        std::perror(argv[1]);
        return 127;
    }
    int status = 0;
    rusage usage{};
    if (wait4(child, &status, 0, &usage) != child) {
        std::perror("wait4");
        return 1;
    }
    const long long wall = nanoseconds() - begin;
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    dprintf(3, "%lld %lld %lld %ld %d\n", wall, microseconds(usage.ru_utime),
            microseconds(usage.ru_stime), usage.ru_maxrss, code);
    return 0;
}
