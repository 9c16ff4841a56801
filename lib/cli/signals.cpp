// SPDX-License-Identifier: GPL-3.0-or-later
#include "signals.hpp"

#include <xenlab/cli/raw_terminal.hpp>

#include <array>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <pthread.h>

#include <unistd.h>

namespace xenlab::cli {
namespace {

constexpr std::array watched{SIGINT, SIGTERM, SIGHUP};

sigset_t watched_set()
{
    sigset_t set;
    sigemptyset(&set);
    for (const int number : watched) {
        struct sigaction now {};
        ::sigaction(number, nullptr, &now);
        if (now.sa_handler != SIG_IGN)
            sigaddset(&set, number);
    }
    return set;
}

} // namespace

SignalWatch::SignalWatch()
{
    sigset_t set = watched_set();
    sigaddset(&set, SIGUSR1); // wakes the watching thread at the end
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    thread_ = std::jthread([this](const std::stop_token& ended) { watch(ended); });
}

SignalWatch::~SignalWatch()
{
    thread_.request_stop();
    ::pthread_kill(thread_.native_handle(), SIGUSR1);
}

void SignalWatch::watch(const std::stop_token& ended)
{
    sigset_t set = watched_set();
    sigaddset(&set, SIGUSR1);
    while (!ended.stop_requested()) {
        const int number = ::sigwaitinfo(&set, nullptr);
        if (number <= 0 || number == SIGUSR1)
            continue;
        if (caught_ != 0)
            die_of(number);
        caught_ = number;
        stop_.request_stop();
    }
}

void die_of(int number)
{
    RawTerminal::restore();
    std::signal(number, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    ::kill(::getpid(), number);
    ::pause(); // delivered to another thread
    std::_Exit(128 + number);
}

} // namespace xenlab::cli
