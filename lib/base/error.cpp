// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

namespace xenlab {

int exit_code(Errc code) noexcept
{
    return static_cast<int>(code);
}

std::string_view kind_of(Errc code) noexcept
{
    switch (code) {
    case Errc::failed:
        return "failed";
    case Errc::usage:
        return "usage";
    case Errc::not_found:
        return "not-found";
    case Errc::ambiguous:
        return "ambiguous";
    case Errc::unreachable:
        return "unreachable";
    case Errc::precondition:
        return "precondition";
    case Errc::bad_data:
        return "bad-data";
    case Errc::partial:
        return "partial";
    case Errc::timeout:
        return "timeout";
    case Errc::interrupted:
        return "interrupted";
    }
    return "failed";
}

Error::Error(Errc code, const std::string& message, std::string hint)
    : std::runtime_error(message), code_(code), hint_(std::move(hint))
{
}

Error Error::within(std::string_view where) const
{
    return {code_, fmt::format("{}: {}", where, what()), hint_};
}

Error Error::with_hint(std::string hint) const
{
    return {code_, what(), std::move(hint)};
}

namespace {

Errc code_of_errno(int value)
{
    switch (value) {
    case ENOENT:
    case ENOTDIR:
    case ENXIO:
        return Errc::not_found;
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case ENETUNREACH:
        return Errc::unreachable;
    case ETIMEDOUT:
        return Errc::timeout;
    default:
        return Errc::failed;
    }
}

} // namespace

Error system_error(int errno_value, std::string_view what)
{
    return {code_of_errno(errno_value),
            fmt::format("{}: {}", what, std::generic_category().message(errno_value))};
}

BrokenPipe::BrokenPipe(std::string_view what)
    : Error(Errc::failed, fmt::format("{}: the reader has gone", what))
{
}

} // namespace xenlab
