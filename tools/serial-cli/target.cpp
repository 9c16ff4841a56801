// SPDX-License-Identifier: GPL-3.0-or-later
#include "target.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/bytes/crc32.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

namespace xenlab::serial_cli {
namespace {

constexpr const char* shapes = "a target is HOST:PORT, unix:PATH, pty:PATH or vm:NAME";

std::string absolute(const std::string& path)
{
    std::error_code failed;
    const auto found = std::filesystem::absolute(path, failed).lexically_normal();
    return failed ? path : found.string();
}

std::string environment(const char* name)
{
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

} // namespace

Target parse_target(const std::string& text)
{
    Target target;
    const auto rest = [&](std::string_view prefix) {
        const std::string value = text.substr(prefix.size());
        if (value.empty() || value.find('\0') != std::string::npos)
            throw Error(Errc::usage,
                        fmt::format("{}: nothing after {}", text::quoted(text), prefix), shapes);
        return value;
    };
    if (text.starts_with("unix:")) {
        target.kind = Target::Kind::unix_socket;
        target.path = absolute(rest("unix:"));
        target.text = "unix:" + target.path;
        return target;
    }
    if (text.starts_with("pty:")) {
        target.kind = Target::Kind::terminal;
        target.path = absolute(rest("pty:"));
        target.text = "pty:" + target.path;
        return target;
    }
    if (text.starts_with("vm:")) {
        target.kind = Target::Kind::vm;
        target.vm = rest("vm:");
        target.text = text;
        return target;
    }
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0)
        throw Error(Errc::usage, fmt::format("{} is no target", text::quoted(text)), shapes);
    target.host = text.substr(0, colon);
    if (target.host.size() > 2 && target.host.front() == '[' && target.host.back() == ']')
        target.host = target.host.substr(1, target.host.size() - 2);
    else if (target.host.find(':') != std::string::npos)
        throw Error(Errc::usage,
                    fmt::format("{}: an IPv6 address stands in brackets", text::quoted(text)),
                    shapes);
    const auto port = text::parse_u64(std::string_view(text).substr(colon + 1));
    if (!port || *port == 0 || *port > 65535)
        throw Error(Errc::usage,
                    fmt::format("{}: the port is a number from 1 to 65535", text::quoted(text)),
                    shapes);
    target.port = static_cast<std::uint16_t>(*port);
    target.text = text;
    return target;
}

std::string file_name_of(const Target& target)
{
    std::string name;
    for (const char c : target.text)
        name += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' ? c : '_';
    const std::string whole = target.text + (target.pool.empty() ? "" : "\n" + target.pool);
    constexpr std::size_t most = 24; // the path of a unix socket is short
    if (name.size() > most)
        name = name.substr(name.size() - most);
    return fmt::format("{}-{:08x}", name, bytes::crc32(std::as_bytes(std::span(whole))));
}

std::string runtime_folder()
{
    std::string base = environment("XDG_RUNTIME_DIR");
    if (base.empty())
        base = fmt::format("/tmp/xenlab-{}", ::getuid());
    std::error_code failed;
    std::filesystem::create_directories(base, failed);
    const std::string folder = base + "/xenlab-serial";
    if (base.starts_with("/tmp/xenlab-"))
        ::chmod(base.c_str(), 0700);
    ::mkdir(folder.c_str(), 0700);
    for (const std::string& one : {base, folder}) {
        struct stat info {};
        if (::lstat(one.c_str(), &info) != 0)
            throw system_error(errno, text::printable(one));
        if (!S_ISDIR(info.st_mode) || info.st_uid != ::getuid() || (info.st_mode & 022U) != 0)
            throw Error(Errc::precondition,
                        fmt::format("{}: others can write there", text::printable(one)),
                        "set XDG_RUNTIME_DIR to a folder of your own");
    }
    return folder;
}

std::string state_folder()
{
    std::string base = environment("XDG_STATE_HOME");
    if (base.empty())
        base = environment("HOME") + "/.local/state";
    std::string folder = base + "/xenlab/serial";
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed)
        throw Error(Errc::failed, fmt::format("{}: {}", text::printable(folder), failed.message()));
    ::chmod(folder.c_str(), 0700); // consoles show secrets
    return folder;
}

} // namespace xenlab::serial_cli
