// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/io/fd.hpp>
#include <xenlab/io/output_file.hpp>
#include <xenlab/transport/trust.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace xenlab::transport {
namespace {

using Pins = std::map<std::string, std::string, std::less<>>;

constexpr std::size_t max_file = 1U << 20U;

Pins parse(std::string_view file, const std::string& path)
{
    Pins pins;
    std::size_t number = 0;
    for (const std::string_view raw : text::split(file, '\n')) {
        ++number;
        const std::string_view line = text::trim(raw);
        if (line.empty() || line.starts_with('#'))
            continue;
        const std::size_t space = line.find(' ');
        const auto pin = space == std::string_view::npos
                             ? std::nullopt
                             : parse_pin(text::trim(line.substr(space + 1)));
        if (!pin)
            throw Error(
                Errc::bad_data,
                fmt::format("{}:{}: not \"HOST:PORT sha256:HEX\"", text::printable(path), number),
                "remove the line");
        pins.insert_or_assign(std::string(line.substr(0, space)), *pin);
    }
    return pins;
}

Pins read_pins(const std::string& path)
{
    const io::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        if (errno == ENOENT)
            return {};
        throw system_error(errno, text::printable(path));
    }
    std::string content(max_file, '\0');
    const std::size_t n =
        io::pread_full(fd.get(), 0, std::as_writable_bytes(std::span(content)), path);
    return parse(std::string_view(content).substr(0, n), path);
}

void write_pins(const std::string& path, const Pins& pins)
{
    std::string content = "# certificates of servers, pinned on first use by xenlab\n";
    for (const auto& [where, pin] : pins)
        content += fmt::format("{} sha256:{}\n", where, pin);
    io::OutputFile file(path);
    ::fchmod(file.fd(), S_IRUSR | S_IWUSR);
    file.write(std::as_bytes(std::span(content)));
    file.commit();
}

/// Held while the file is read, changed and replaced. A file of its own, because the pins' file is
/// replaced by another one.
io::Fd lock(const std::string& path)
{
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    std::error_code ignored;
    if (!folder.empty())
        std::filesystem::create_directories(folder, ignored);
    io::Fd fd = io::open_file(path + ".lock", O_RDWR | O_CREAT, S_IRUSR | S_IWUSR);
    while (::flock(fd.get(), LOCK_EX) != 0)
        if (errno != EINTR)
            throw system_error(errno, text::printable(path));
    return fd;
}

} // namespace

std::optional<std::string> PinStore::find(std::string_view where) const
{
    const Pins pins = read_pins(path_);
    const auto found = pins.find(where);
    return found == pins.end() ? std::nullopt : std::optional(found->second);
}

void PinStore::remember(std::string_view where, std::string_view sha256) const
{
    const io::Fd held = lock(path_);
    Pins pins = read_pins(path_);
    pins.insert_or_assign(std::string(where), std::string(sha256));
    write_pins(path_, pins);
}

bool PinStore::forget(std::string_view where) const
{
    const io::Fd held = lock(path_);
    Pins pins = read_pins(path_);
    const auto found = pins.find(where);
    if (found == pins.end())
        return false;
    pins.erase(found);
    write_pins(path_, pins);
    return true;
}

} // namespace xenlab::transport
