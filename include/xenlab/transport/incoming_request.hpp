// SPDX-License-Identifier: GPL-3.0-or-later
// The head of an HTTP/1.1 request, for a server of ours that answers one request a connection.
// Stricter than RFC 9112: what a browser does not send is refused rather than understood.
#pragma once

#include <xenlab/base/error.hpp>
#include <xenlab/transport/channel.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xenlab::transport {

/// Why a request is not answered with what it asks for; `status` is HTTP's.
class HttpRefusal : public Error {
  public:
    HttpRefusal(int status, const std::string& message)
        : Error(Errc::bad_data, message), status_(status)
    {
    }
    [[nodiscard]] int status() const noexcept { return status_; }

  private:
    int status_;
};

struct IncomingRequest {
    std::string method; ///< letters
    std::string path;   ///< printable ASCII that begins with "/", as sent: nothing is decoded
    std::string query;  ///< what follows the "?"
    std::vector<std::pair<std::string, std::string>>
        fields; ///< names in lower case, values trimmed, printable

    /// The field of that (lower-case) name, "" when it is not there. Throws HttpRefusal{400} when
    /// it is there twice: two servers that choose differently are how requests are smuggled.
    [[nodiscard]] std::string_view field(std::string_view name) const;
    /// Whether a field that is a list ("keep-alive, Upgrade") has this (lower-case) word.
    [[nodiscard]] bool lists(std::string_view name, std::string_view word) const;
};

inline constexpr std::size_t longest_request = 16U << 10U;

/// The head without the empty line at its end. Throws HttpRefusal{400 | 505}.
IncomingRequest parse_request(std::string_view head);

/// Throws HttpRefusal{431} for a head of more than longest_request bytes, HttpRefusal{400} when
/// more follows it (nobody may say more before the answer), Error{timeout} at the deadline and
/// Error{unreachable} when the peer goes before.
IncomingRequest read_request(Channel& channel, TimePoint deadline);

} // namespace xenlab::transport
