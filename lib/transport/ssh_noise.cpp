// SPDX-License-Identifier: GPL-3.0-or-later
#include "ssh_noise.hpp"

#include <xenlab/base/shell.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <random>

namespace xenlab::transport {
namespace {

constexpr std::size_t most_noise = 1U << 20U;

} // namespace

std::string noise_mark()
{
    std::random_device random;
    return fmt::format("xenlab-{:08x}{:08x}", random(), random());
}

std::string with_mark(const std::string& command, const std::string& mark)
{
    // The user's shell may be anything; from here on it is the POSIX one.
    return "exec /bin/sh -c " +
           text::shell_word(
               fmt::format("printf '\\n%s\\n' {0}; printf '\\n%s\\n' {0} >&2; {1}", mark, command));
}

void NoiseFilter::take(std::span<const std::byte> data)
{
    held_.append(reinterpret_cast<const char*>(data.data()), data.size());
    const std::string line = "\n" + mark_; // a terminal ends it with \r\n
    for (std::size_t at = 0; (at = held_.find(line, at)) != std::string::npos; ++at) {
        const std::size_t end = held_.find('\n', at + 1);
        if (end == std::string::npos)
            return;
        const std::string_view rest =
            std::string_view(held_).substr(at + line.size(), end - at - line.size());
        if (rest.empty() || rest == "\r") {
            held_.erase(0, end + 1);
            quiet_ = true;
            return;
        }
    }
    if (held_.size() > most_noise)
        throw Error(Errc::failed,
                    fmt::format("the login shell prints without end: {}", text::quoted(held_)));
}

std::size_t NoiseFilter::give(std::span<std::byte> buffer)
{
    const std::size_t n = std::min(buffer.size(), held_.size());
    std::memcpy(buffer.data(), held_.data(), n);
    held_.erase(0, n);
    return n;
}

Error NoiseFilter::never_quiet(std::string_view peer) const
{
    if (text::trim(held_).empty())
        return {Errc::failed, fmt::format("{}: the login shell did not run the command", peer)};
    return {Errc::failed, fmt::format("{}: the login shell did not run the command; it says {}",
                                      peer, text::quoted(text::trim(held_), 200))};
}

} // namespace xenlab::transport
