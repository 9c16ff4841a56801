// SPDX-License-Identifier: GPL-3.0-or-later
// Looking at /proc and /etc without help from name services.
#ifndef _WIN32
#include "posix.hpp"
#include "service.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <dirent.h>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <time.h>

#include <sys/utsname.h>

namespace xenlab::agent {
namespace {

std::string read_all(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Process {
    pid_t pid = 0, parent = 0, session = 0;
};

std::vector<Process> processes()
{
    std::vector<Process> all;
    DIR* proc = ::opendir("/proc");
    if (proc == nullptr)
        return all;
    while (const dirent* entry = ::readdir(proc)) {
        const std::string name = static_cast<const char*>(entry->d_name);
        if (name.find_first_not_of("0123456789") != std::string::npos)
            continue;
        // "pid (any name) state ppid pgrp session": the name may hold anything, so from its end
        const std::string stat = read_all("/proc/" + name + "/stat");
        const std::size_t end = stat.rfind(')');
        if (end == std::string::npos)
            continue;
        std::istringstream fields(stat.substr(end + 1));
        char state = 0;
        long parent = 0, group = 0, session = 0;
        if (fields >> state >> parent >> group >> session && state != 'Z')
            all.push_back({static_cast<pid_t>(std::stol(name)), static_cast<pid_t>(parent),
                           static_cast<pid_t>(session)});
    }
    ::closedir(proc);
    return all;
}

bool carries(pid_t pid, const std::string& mark)
{
    const std::string environment = read_all("/proc/" + std::to_string(pid) + "/environ");
    const std::string wanted = std::string("XENLAB_EXEC=") + mark + '\0';
    return environment.find(wanted) != std::string::npos;
}

std::vector<std::string> split(const std::string& line, char separator)
{
    std::vector<std::string> parts;
    std::istringstream stream(line);
    for (std::string part; std::getline(stream, part, separator);)
        parts.push_back(part);
    return parts;
}

std::optional<unsigned> number(const std::string& text)
{
    if (text.empty() || text.size() > 9 ||
        text.find_first_not_of("0123456789") != std::string::npos)
        return std::nullopt;
    return static_cast<unsigned>(std::stoul(text));
}

std::string first_line(const std::string& path)
{
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

} // namespace

void kill_process_tree(pid_t root, const std::string& mark)
{
    // Those that fork while we look are found in the next round.
    for (int round = 0; round < 10; ++round) {
        const std::vector<Process> all = processes();
        std::set<pid_t> doomed;
        bool grew = true;
        while (grew) {
            grew = false;
            for (const Process& one : all)
                if (one.pid != ::getpid() && !doomed.contains(one.pid) &&
                    (one.pid == root || one.session == root || doomed.contains(one.parent) ||
                     carries(one.pid, mark)))
                    grew = doomed.insert(one.pid).second;
        }
        if (doomed.empty())
            return;
        for (const pid_t pid : doomed)
            ::kill(pid, SIGKILL);
        const timespec pause{0, 2'000'000};
        ::nanosleep(&pause, nullptr);
    }
}

std::optional<Account> find_account(const std::string& name)
{
    std::optional<Account> found;
    std::ifstream passwd("/etc/passwd");
    for (std::string line; std::getline(passwd, line) && !found;) {
        const auto parts = split(line, ':'); // name:x:uid:gid:words:home:shell
        if (parts.size() < 6 || parts[0] != name)
            continue;
        const auto uid = number(parts[2]), gid = number(parts[3]);
        if (uid && gid)
            found = Account{*uid, *gid,     {*gid},
                            name, parts[5], parts.size() > 6 ? parts[6] : "/bin/sh"};
    }
    std::ifstream groups("/etc/group");
    for (std::string line; found && std::getline(groups, line);) {
        const auto parts = split(line, ':'); // name:x:gid:member,member
        if (parts.size() < 4)
            continue;
        const auto members = split(parts[3], ',');
        const auto gid = number(parts[2]);
        if (gid && *gid != found->gid && std::ranges::find(members, name) != members.end())
            found->groups.push_back(*gid);
    }
    return found;
}

std::array<std::byte, 16> boot_identity()
{
    std::array<std::byte, 16> id{};
    const std::string text = first_line("/proc/sys/kernel/random/boot_id");
    std::size_t digits = 0;
    for (const char c : text) {
        const std::size_t value = std::string_view("0123456789abcdef").find(c);
        if (value == std::string_view::npos || digits >= 32)
            continue;
        id[digits / 2] = id[digits / 2] << 4U | static_cast<std::byte>(value);
        ++digits;
    }
    return id;
}

std::vector<std::string> system_facts()
{
    utsname name{};
    ::uname(&name);
    std::string os = static_cast<const char*>(name.sysname);
    std::ifstream release("/etc/os-release");
    for (std::string line; std::getline(release, line);)
        if (line.rfind("PRETTY_NAME=", 0) == 0) {
            os = line.substr(12);
            std::erase(os, '"');
        }
    const std::string uptime = first_line("/proc/uptime");
    return {"agent=" XENLAB_VERSION,
            "os=" + os,
            std::string("system=") + static_cast<const char*>(name.sysname),
            std::string("kernel=") + static_cast<const char*>(name.release),
            std::string("machine=") + static_cast<const char*>(name.machine),
            std::string("hostname=") + static_cast<const char*>(name.nodename),
            "boot_id=" + first_line("/proc/sys/kernel/random/boot_id"),
            "uptime=" + uptime.substr(0, uptime.find_first_of(". "))};
}

int run_service(const Options& options)
{
    return run_agent(options); // systemd, inittab and rc scripts want a plain process
}

Millis now_millis()
{
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<Millis>(now.tv_sec) * 1000 + static_cast<Millis>(now.tv_nsec) / 1'000'000;
}

void pause_millis(unsigned millis)
{
    const timespec pause{static_cast<time_t>(millis / 1000),
                         static_cast<long>(millis % 1000) * 1'000'000};
    ::nanosleep(&pause, nullptr);
}

std::uint32_t random_word()
{
    static std::ifstream source("/dev/urandom", std::ios::binary);
    std::array<char, 4> bytes{};
    source.read(bytes.data(), bytes.size());
    std::uint32_t word = 0;
    for (const char b : bytes)
        word = word << 8U | static_cast<unsigned char>(b);
    if (!source) // a guest so early in its boot that /dev is empty
        word = static_cast<std::uint32_t>(now_millis() * 2654435761U +
                                          static_cast<unsigned>(::getpid()));
    return word;
}

} // namespace xenlab::agent
#endif
