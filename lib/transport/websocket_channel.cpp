// SPDX-License-Identifier: GPL-3.0-or-later
#include "half_close.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/transport/websocket.hpp>

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>

namespace xenlab::transport {
namespace {

class WebSocketChannel final : public Channel, public HalfClose, public Pollable {
  public:
    explicit WebSocketChannel(std::unique_ptr<Channel> plain) : plain_(std::move(plain)) {}

    std::size_t read(std::span<std::byte> buffer, TimePoint deadline) override;
    void write(std::span<const std::byte> head, std::span<const std::byte> body,
               TimePoint deadline) override;
    [[nodiscard]] const std::string& peer() const noexcept override { return plain_->peer(); }
    void end_writing(TimePoint deadline) override;
    [[nodiscard]] int descriptor() const override
    {
        return dynamic_cast<const Pollable&>(*plain_).descriptor();
    }
    [[nodiscard]] bool buffered() const override { return at_ < data_.size() || ended(); }
    bool advance() override;

  private:
    /// For a pong, whose receiver need not read it.
    static constexpr std::chrono::seconds time_for_answers{10};
    [[nodiscard]] bool ended() const { return gone_ || decoder_.closed(); }
    void take(TimePoint deadline);

    std::unique_ptr<Channel> plain_;
    WebSocketDecoder decoder_;
    WebSocketDecoder::Bytes data_; ///< what read() has not given yet: from at_ on
    std::size_t at_ = 0;
    bool gone_ = false;
};

/// One piece from the peer, and what is to be said to it.
void WebSocketChannel::take(TimePoint deadline)
{
    std::array<std::byte, 16384> buffer{};
    const std::size_t n = plain_->read(buffer, deadline);
    gone_ = n == 0;
    WebSocketDecoder::Bytes answers;
    data_.clear();
    at_ = 0;
    decoder_.feed(std::span(buffer).first(n), data_, answers);
    if (!answers.empty())
        plain_->write(answers, {}, deadline);
}

bool WebSocketChannel::advance()
{
    try {
        take(std::chrono::steady_clock::now() + time_for_answers);
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted)
            throw;
        gone_ = true; // read() says so
    }
    return buffered();
}

std::size_t WebSocketChannel::read(std::span<std::byte> buffer, TimePoint deadline)
{
    while (at_ == data_.size() && !ended())
        take(deadline);
    const std::size_t n = std::min(buffer.size(), data_.size() - at_);
    if (n == 0 && !decoder_.violation().empty())
        throw Error(Errc::bad_data,
                    fmt::format("{}: bad WebSocket data: {}", peer(), decoder_.violation()));
    std::copy_n(data_.begin() + static_cast<std::ptrdiff_t>(at_), n, buffer.begin());
    at_ += n;
    return n;
}

void WebSocketChannel::write(std::span<const std::byte> head, std::span<const std::byte> body,
                             TimePoint deadline)
{
    if (decoder_.closed())
        throw Error(Errc::unreachable, fmt::format("{}: has closed the connection", peer()));
    if (head.empty() && body.empty())
        return;
    WebSocketDecoder::Bytes frame = websocket_head(head.size() + body.size());
    frame.insert(frame.end(), head.begin(), head.end());
    plain_->write(frame, body, deadline);
}

void WebSocketChannel::end_writing(TimePoint deadline)
{
    static constexpr std::array close{std::byte{0x88}, std::byte{2}, std::byte{1000 >> 8U},
                                      std::byte{1000 & 0xFF}};
    if (!decoder_.closed())
        plain_->write(close, {}, deadline);
    transport::end_writing(*plain_, deadline);
}

/// RFC 6455 4.2.2
std::string answer_to(std::string_view key)
{
    const std::string text = fmt::format("{}258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    std::array<unsigned char, 20> hash{};
    std::array<unsigned char, 29> encoded{};
    if (EVP_Digest(text.data(), text.size(), hash.data(), nullptr, EVP_sha1(), nullptr) != 1)
        throw Error(Errc::failed, "OpenSSL: no SHA-1");
    const int n = EVP_EncodeBlock(encoded.data(), hash.data(), hash.size());
    return {encoded.begin(), encoded.begin() + n};
}

/// Whether it is the base64 of 16 bytes.
bool is_key(std::string_view key)
{
    return key.size() == 24 && key.ends_with("==") &&
           std::all_of(key.begin(), key.end() - 2, [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '+' || c == '/';
           });
}

} // namespace

std::unique_ptr<Channel> accept_websocket(std::unique_ptr<Channel>& plain,
                                          const IncomingRequest& request, TimePoint deadline)
{
    if (!request.lists("upgrade", "websocket") || !request.lists("connection", "upgrade"))
        throw HttpRefusal(426, "only for WebSockets");
    if (request.field("sec-websocket-version") != "13")
        throw HttpRefusal(426, "another version of WebSockets");
    const std::string_view key = request.field("sec-websocket-key");
    if (!is_key(key))
        throw HttpRefusal(400, "a WebSocket without a key");
    const bool named = !request.field("sec-websocket-protocol").empty();
    if (named && !request.lists("sec-websocket-protocol", "binary"))
        throw HttpRefusal(400, "another subprotocol than binary");
    const std::string answer =
        fmt::format("HTTP/1.1 101 Switching Protocols\r\n"
                    "Upgrade: websocket\r\n"
                    "Connection: Upgrade\r\n"
                    "Sec-WebSocket-Accept: {}\r\n{}\r\n",
                    answer_to(key), named ? "Sec-WebSocket-Protocol: binary\r\n" : "");
    plain->write(std::as_bytes(std::span(answer)), {}, deadline);
    return std::make_unique<WebSocketChannel>(std::move(plain));
}

} // namespace xenlab::transport
