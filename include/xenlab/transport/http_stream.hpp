// SPDX-License-Identifier: GPL-3.0-or-later
// One HTTP request whose body or answer is a stream of any length, on a connection of its own:
// xapi's transfer handlers and its consoles. Written on a Channel rather than with libcurl, because
// xapi answers before it reads the body, takes bodies of unknown length that end with the
// connection (never Transfer-Encoding: chunked), and wants CONNECT with a path.
// (xapi.md 2; observed: wire/xapi-23.1-vdi-import, -vm-import)
#pragma once

#include <xenlab/io/byte_source.hpp>
#include <xenlab/transport/channel.hpp>
#include <xenlab/transport/trust.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xenlab::transport {

struct HttpHead {
    int status = 0;
    std::vector<std::pair<std::string, std::string>>
        fields; ///< names in lower case, values trimmed

    /// The first field of that (lower-case) name, or nullptr.
    [[nodiscard]] const std::string* find(std::string_view name) const noexcept;
};

struct StreamRequest {
    std::string method = "GET"; ///< GET, PUT, CONNECT
    std::string host;           ///< IPv6 without brackets
    std::uint16_t port = 443;
    bool tls = true;
    std::string target;                          ///< path and query, already encoded
    std::optional<std::uint64_t> content_length; ///< of a PUT; without it the body ends at close
    std::string user_agent = "xenlab";
    std::vector<std::pair<std::string, std::string>> fields; ///< further ones
};

/// Percent-encodes a query value: everything but letters, digits and -._~: (RFC 3986 3.4 allows
/// ':', and a %3A for each of a reference's would eat the 1000 bytes).
std::string encode_query(std::string_view value);

/// One thread at a time: TLS does not let one thread write while another reads.
class HttpStream {
  public:
    /// Connects and sends the request line and fields. Throws as connect_tcp and start_tls do, and
    /// Error{usage} when the head would exceed max_request_head.
    static HttpStream open(const StreamRequest& request, Verifier& verifier, TimePoint deadline,
                           const std::stop_token& stop);

    /// Sends a piece of the body. ECONNRESET and EPIPE (Error{unreachable}) happen on success, too,
    /// when xapi has all it wants: ask the task.
    void write(std::span<const std::byte> data, TimePoint deadline);

    /// Ends a body of unknown length: the peer reads its end, and can still answer.
    void end_body(TimePoint deadline);

    /// Reads the head of the answer; throws Error{bad_data} for what is not HTTP,
    /// Error{unreachable} "closed the connection without an answer". Interim 1xx answers are
    /// skipped.
    const HttpHead& read_head(TimePoint deadline);

    /// The next bytes of the answer's body; 0 at its end (Content-Length reached, or closed).
    /// Throws io::StreamError{truncated} when the connection ends before Content-Length.
    std::size_t read(std::span<std::byte> buffer, TimePoint deadline);

    /// How many bytes the body has in all, if the server said so. After read_head().
    [[nodiscard]] std::optional<std::uint64_t> length() const noexcept { return length_; }

    /// The connection itself, for CONNECT: whatever was read past the head comes out of it first.
    std::unique_ptr<Channel> release();

    /// The rest of the body as a source. `silence` is the longest wait for the next byte.
    static std::unique_ptr<io::ByteSource> into_source(HttpStream stream,
                                                       std::chrono::milliseconds silence);

  private:
    explicit HttpStream(std::unique_ptr<Channel> channel) : channel_(std::move(channel)) {}

    std::unique_ptr<Channel> channel_;
    std::string method_;
    HttpHead head_;
    std::vector<std::byte> held_; ///< read past the head
    std::size_t at_ = 0;
    std::uint64_t received_ = 0; ///< of the body
    std::optional<std::uint64_t> length_;
};

} // namespace xenlab::transport
