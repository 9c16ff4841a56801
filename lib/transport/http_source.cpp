// SPDX-License-Identifier: GPL-3.0-or-later
#include "curl_api.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/transport/http_source.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <vector>

namespace xenlab::transport {

std::string without_credentials(const std::string& url)
{
    const std::size_t scheme = url.find("://");
    const std::size_t start = scheme == std::string::npos ? 0 : scheme + 3;
    const std::size_t path = std::min(url.find_first_of("/?#", start), url.size());
    const std::size_t at = url.rfind('@', path);
    if (at == std::string::npos || at < start)
        return url;
    return url.substr(0, start) + url.substr(at + 1);
}

namespace {

// Reading ahead of the consumer is bounded by this and the socket's buffer.
constexpr std::size_t buffer_limit = 64U << 10U;

struct FreeEasy {
    void operator()(CURL* handle) const noexcept { curl().easy_cleanup(handle); }
};
struct FreeMulti {
    void operator()(CURLM* handle) const noexcept { curl().multi_cleanup(handle); }
};

class HttpSource final : public io::ByteSource {
  public:
    HttpSource(const std::string& url, const HttpOptions& options, std::stop_token stop);
    ~HttpSource() override { curl().multi_remove_handle(multi_.get(), easy_.get()); }
    HttpSource(const HttpSource&) = delete;
    HttpSource& operator=(const HttpSource&) = delete;

    std::size_t read(std::span<std::byte> buffer) override;
    [[nodiscard]] std::optional<std::uint64_t> total() const override { return total_; }
    [[nodiscard]] std::uint64_t position() const override { return position_; }

    /// Waits for the first byte of the body, or its end.
    void start();

  private:
    static std::size_t on_data(char* data, std::size_t, std::size_t length, void* self);
    void advance();
    void transfer_ended(CURLcode result);
    void check_status();

    std::string shown_url_;
    std::stop_token stop_;
    std::unique_ptr<CURL, FreeEasy> easy_;
    std::unique_ptr<CURLM, FreeMulti> multi_;
    std::array<char, CURL_ERROR_SIZE> error_{};
    std::vector<std::byte> held_;
    std::size_t at_ = 0;
    bool paused_ = false;
    bool ended_ = false;
    std::optional<std::uint64_t> total_;
    std::uint64_t position_ = 0;
};

HttpSource::HttpSource(const std::string& url, const HttpOptions& options, std::stop_token stop)
    : shown_url_(text::printable(without_credentials(url))), stop_(std::move(stop)),
      easy_(curl().easy_init()), multi_(curl().multi_init())
{
    if (!easy_ || !multi_)
        throw Error(Errc::failed, "libcurl: out of memory");
    CURL* h = easy_.get();
    const auto easy_setopt = curl().easy_setopt;
    easy_setopt(h, CURLOPT_URL, url.c_str());
    easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_setopt(h, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    easy_setopt(h, CURLOPT_FOLLOWLOCATION, 1L);
    easy_setopt(h, CURLOPT_MAXREDIRS, static_cast<long>(options.max_redirects));
    easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
    easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, 1L);
    easy_setopt(h, CURLOPT_LOW_SPEED_TIME,
                std::max(1L, static_cast<long>(options.silence_timeout.count() / 1000)));
    easy_setopt(h, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_OPTIONAL));
    easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    easy_setopt(h, CURLOPT_USERAGENT, "xenlab");
    // As curl(1) and OpenSSL do; libcurl itself does not look.
    if (const char* bundle = std::getenv("SSL_CERT_FILE"))
        easy_setopt(h, CURLOPT_CAINFO, bundle);
    easy_setopt(h, CURLOPT_ERRORBUFFER, error_.data());
    easy_setopt(h, CURLOPT_WRITEFUNCTION, &HttpSource::on_data);
    easy_setopt(h, CURLOPT_WRITEDATA, this);
    curl().multi_add_handle(multi_.get(), h);
}

std::size_t HttpSource::on_data(char* data, std::size_t /*always 1*/, std::size_t length,
                                void* self)
{
    auto& source = *static_cast<HttpSource*>(self);
    if (source.held_.size() - source.at_ >= buffer_limit) {
        source.paused_ = true; // the consumer has enough for now
        return CURL_WRITEFUNC_PAUSE;
    }
    const auto bytes = std::as_bytes(std::span(data, length));
    source.held_.erase(source.held_.begin(),
                       source.held_.begin() + static_cast<std::ptrdiff_t>(source.at_));
    source.at_ = 0;
    source.held_.insert(source.held_.end(), bytes.begin(), bytes.end());
    return length;
}

void HttpSource::check_status()
{
    long status = 0;
    curl().easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status == 0 || (status >= 200 && status < 300))
        return;
    const Errc code = status == 404 || status == 410   ? Errc::not_found
                      : status == 401 || status == 403 ? Errc::unreachable
                                                       : Errc::failed;
    throw Error(code,
                fmt::format("{}: the server answered with HTTP status {}", shown_url_, status));
}

void HttpSource::transfer_ended(CURLcode result)
{
    ended_ = true;
    if (result == CURLE_OK)
        return;
    const std::string words =
        error_[0] != '\0' ? text::printable(error_.data()) : curl().easy_strerror(result);
    const std::string message = fmt::format("{}: {}", shown_url_, words);
    switch (result) {
    case CURLE_PARTIAL_FILE:
        throw io::StreamError(io::Damage::truncated, message);
    case CURLE_RECV_ERROR:
        if (position_ > 0)
            throw io::StreamError(io::Damage::truncated, message);
        throw Error(Errc::unreachable, message);
    case CURLE_OPERATION_TIMEDOUT:
        throw Error(Errc::timeout, message);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_GOT_NOTHING:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_LOGIN_DENIED:
        throw Error(Errc::unreachable, message);
    case CURLE_PEER_FAILED_VERIFICATION:
        throw Error(Errc::unreachable, message,
                    "add the server's certificate authority to the system's trust store");
    default:
        throw Error(Errc::failed, message);
    }
}

/// Lets libcurl work until there is data, an end or an error.
void HttpSource::advance()
{
    if (paused_) {
        paused_ = false;
        curl().easy_pause(easy_.get(), CURLPAUSE_CONT);
    }
    const std::stop_callback wake(stop_, [this] { curl().multi_wakeup(multi_.get()); });
    while (at_ == held_.size() && !ended_) {
        if (stop_.stop_requested())
            throw Error(Errc::interrupted, "interrupted");
        int running = 0;
        curl().multi_perform(multi_.get(), &running);
        int left = 0;
        while (const CURLMsg* message = curl().multi_info_read(multi_.get(), &left))
            if (message->msg == CURLMSG_DONE)
                transfer_ended(message->data.result);
        if (at_ == held_.size() && !ended_)
            curl().multi_poll(multi_.get(), nullptr, 0, 1000, nullptr);
    }
}

void HttpSource::start()
{
    advance();
    check_status();
    curl_off_t length = -1;
    curl().easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length >= 0)
        total_ = static_cast<std::uint64_t>(length);
}

std::size_t HttpSource::read(std::span<std::byte> buffer)
{
    if (buffer.empty())
        return 0;
    if (at_ == held_.size())
        advance();
    const std::size_t n = std::min(buffer.size(), held_.size() - at_);
    std::copy_n(held_.begin() + static_cast<std::ptrdiff_t>(at_), n, buffer.begin());
    at_ += n;
    position_ += n;
    return n;
}

} // namespace

std::unique_ptr<io::ByteSource> open_http(const std::string& url, const HttpOptions& options,
                                          std::stop_token stop)
{
    auto source = std::make_unique<HttpSource>(url, options, std::move(stop));
    source->start();
    return source;
}

} // namespace xenlab::transport
