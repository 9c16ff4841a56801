// SPDX-License-Identifier: GPL-3.0-or-later
#include "half_close.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/transport/http_client.hpp>
#include <xenlab/transport/http_stream.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace xenlab::transport {

const std::string* HttpHead::find(std::string_view name) const noexcept
{
    for (const auto& [key, value] : fields)
        if (key == name)
            return &value;
    return nullptr;
}

std::string encode_query(std::string_view value)
{
    static constexpr std::string_view plain = "-._~:";
    std::string encoded;
    for (const char c : value) {
        const bool alnum =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (alnum || plain.find(c) != std::string_view::npos)
            encoded += c;
        else
            encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return encoded;
}

namespace {

constexpr std::size_t max_answer_head = 32U << 10U;

std::string head_text(const StreamRequest& request)
{
    std::string text =
        fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\n", request.method,
                    request.target, authority(request.host, request.port), request.user_agent);
    if (request.content_length)
        text += fmt::format("Content-Length: {}\r\n", *request.content_length);
    for (const auto& [name, value] : request.fields)
        text += fmt::format("{}: {}\r\n", name, value);
    text += "Connection: close\r\n\r\n";
    const auto breaks = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    if (breaks != request.fields.size() + (request.content_length ? 6 : 5))
        throw Error(Errc::usage, "a line break in an HTTP request"); // it would smuggle another one
    if (text.size() > max_request_head)
        throw Error(Errc::usage,
                    fmt::format("an HTTP request head of {} bytes, but the server takes "
                                "{} at most",
                                text.size(), max_request_head));
    return text;
}

std::span<const std::byte> as_bytes(std::string_view text)
{
    return std::as_bytes(std::span(text.data(), text.size()));
}

HttpHead parse_head(std::string_view text, const std::string& peer)
{
    HttpHead head;
    const auto lines = text::split(text, '\n');
    const std::string_view first = text::trim(lines.front());
    // "HTTP/1.1 200 OK"
    const auto status = first.size() >= 12 && first.starts_with("HTTP/1.") && first[8] == ' '
                            ? text::parse_u64(first.substr(9, 3))
                            : std::nullopt;
    if (!status)
        throw Error(Errc::bad_data,
                    fmt::format("{}: the answer is not HTTP: {}", peer, text::quoted(first)));
    head.status = static_cast<int>(*status);
    for (const std::string_view raw : std::span(lines).subspan(1)) {
        const std::string_view line = text::trim(raw);
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos)
            continue;
        head.fields.emplace_back(text::to_lower(line.substr(0, colon)),
                                 text::trim(line.substr(colon + 1)));
    }
    return head;
}

} // namespace

HttpStream HttpStream::open(const StreamRequest& request, Verifier& verifier, TimePoint deadline,
                            const std::stop_token& stop)
{
    const std::string text = head_text(request);
    std::unique_ptr<Channel> channel = connect_tcp(request.host, request.port, deadline, stop);
    if (request.tls) {
        TlsOptions options;
        options.accept = verifier.for_port(request.port);
        if (const char* bundle = std::getenv("SSL_CERT_FILE"))
            options.trust_file = bundle;
        channel = start_tls(std::move(channel), request.host, options, deadline);
    }
    channel->write(as_bytes(text), {}, deadline);
    HttpStream stream(std::move(channel));
    stream.method_ = request.method;
    return stream;
}

void HttpStream::write(std::span<const std::byte> data, TimePoint deadline)
{
    channel_->write(data, {}, deadline);
}

void HttpStream::end_body(TimePoint deadline)
{
    end_writing(*channel_, deadline);
}

const HttpHead& HttpStream::read_head(TimePoint deadline)
{
    std::string text;
    std::array<std::byte, 4096> buffer{};
    while (true) {
        std::size_t end = text.find("\r\n\r\n");
        if (end != std::string::npos) {
            head_ = parse_head(std::string_view(text).substr(0, end), channel_->peer());
            text.erase(0, end + 4);
            if (head_.status >= 200)
                break;
            continue; // 100 Continue and the like
        }
        if (text.size() > max_answer_head)
            throw Error(Errc::bad_data, fmt::format("{}: an HTTP head of more than {} bytes",
                                                    channel_->peer(), max_answer_head));
        const std::size_t n = channel_->read(buffer, deadline);
        if (n == 0 && text.empty())
            throw Error(Errc::unreachable, fmt::format("{}: the server closed the connection "
                                                       "without an answer",
                                                       channel_->peer()));
        if (n == 0)
            throw Error(Errc::bad_data,
                        fmt::format("{}: the answer ends in its head", channel_->peer()));
        const auto part = std::span(buffer).first(n);
        std::transform(part.begin(), part.end(), std::back_inserter(text),
                       [](std::byte b) { return static_cast<char>(b); });
    }
    const auto rest = as_bytes(text);
    held_.assign(rest.begin(), rest.end());
    if (const std::string* length = head_.find("content-length"); length && method_ != "CONNECT")
        length_ = text::parse_u64(*length);
    return head_;
}

std::size_t HttpStream::read(std::span<std::byte> buffer, TimePoint deadline)
{
    if (length_)
        buffer = buffer.first(
            static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), *length_ - received_)));
    if (buffer.empty())
        return 0;
    std::size_t n = std::min(buffer.size(), held_.size() - at_);
    if (n > 0) {
        std::copy_n(held_.begin() + static_cast<std::ptrdiff_t>(at_), n, buffer.begin());
        at_ += n;
    } else {
        n = channel_->read(buffer, deadline);
    }
    received_ += n;
    if (n == 0 && length_)
        throw io::StreamError(io::Damage::truncated,
                              fmt::format("{}: the connection ended after {} of {} bytes",
                                          channel_->peer(), received_, *length_));
    return n;
}

namespace {

/// What was read past the head, and then the rest.
class HeldChannel final : public Channel, public Pollable {
  public:
    HeldChannel(std::unique_ptr<Channel> channel, std::vector<std::byte> held)
        : channel_(std::move(channel)), held_(std::move(held))
    {
    }
    std::size_t read(std::span<std::byte> buffer, TimePoint deadline) override
    {
        const std::size_t n = std::min(buffer.size(), held_.size() - at_);
        if (n == 0)
            return channel_->read(buffer, deadline);
        std::copy_n(held_.begin() + static_cast<std::ptrdiff_t>(at_), n, buffer.begin());
        at_ += n;
        return n;
    }
    void write(std::span<const std::byte> head, std::span<const std::byte> body,
               TimePoint deadline) override
    {
        channel_->write(head, body, deadline);
    }
    [[nodiscard]] const std::string& peer() const noexcept override { return channel_->peer(); }
    [[nodiscard]] int descriptor() const override
    {
        return dynamic_cast<const Pollable&>(*channel_).descriptor();
    }
    [[nodiscard]] bool buffered() const override
    {
        return at_ < held_.size() || dynamic_cast<const Pollable&>(*channel_).buffered();
    }

  private:
    std::unique_ptr<Channel> channel_;
    std::vector<std::byte> held_;
    std::size_t at_ = 0;
};

class StreamSource final : public io::ByteSource {
  public:
    StreamSource(HttpStream stream, std::chrono::milliseconds silence)
        : stream_(std::move(stream)), silence_(silence)
    {
    }
    std::size_t read(std::span<std::byte> buffer) override
    {
        const std::size_t n = stream_.read(buffer, deadline_in(silence_));
        position_ += n;
        return n;
    }
    [[nodiscard]] std::optional<std::uint64_t> total() const override { return stream_.length(); }
    [[nodiscard]] std::uint64_t position() const override { return position_; }

  private:
    HttpStream stream_;
    std::chrono::milliseconds silence_;
    std::uint64_t position_ = 0;
};

} // namespace

std::unique_ptr<Channel> HttpStream::release()
{
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(at_));
    return std::make_unique<HeldChannel>(std::move(channel_), std::move(held_));
}

std::unique_ptr<io::ByteSource> HttpStream::into_source(HttpStream stream,
                                                        std::chrono::milliseconds silence)
{
    return std::make_unique<StreamSource>(std::move(stream), silence);
}

} // namespace xenlab::transport
