// SPDX-License-Identifier: GPL-3.0-or-later
// libcurl's multi interface with one easy handle: the multi handle keeps the connection, and its
// poll can be woken by a stop request.
#include "curl_api.hpp"
#include "peer_certificate.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/transport/http_client.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>

namespace xenlab::transport {
namespace {

constexpr std::size_t error_body_limit = 4096;
constexpr int attempts = 3; // of a replayable request

struct FreeEasy {
    void operator()(CURL* handle) const noexcept { curl().easy_cleanup(handle); }
};
struct FreeMulti {
    void operator()(CURLM* handle) const noexcept { curl().multi_cleanup(handle); }
};
struct FreeList {
    void operator()(curl_slist* list) const noexcept { curl().slist_free_all(list); }
};

/// Host and port of a URL of ours: "https://host:port/…", "https://[v6]/…".
std::pair<std::string, std::uint16_t> place_of(const std::string& url)
{
    std::size_t at = url.find("://");
    const std::uint16_t usual = url.starts_with("http://") ? 80 : 443;
    at = at == std::string::npos ? 0 : at + 3;
    const std::string where = url.substr(at, url.find('/', at) - at);
    const std::size_t colon = where.rfind(':');
    const bool has_port = colon != std::string::npos && where.find(']', colon) == std::string::npos;
    std::string host = where.substr(0, has_port ? colon : where.size());
    if (host.starts_with('['))
        host = host.substr(1, host.size() - 2);
    const auto port = has_port ? text::parse_u64(where.substr(colon + 1)) : usual;
    return {host, static_cast<std::uint16_t>(port.value_or(usual))};
}

} // namespace

class HttpClient::Impl {
  public:
    Impl(Verifier& verifier, std::chrono::milliseconds connect_timeout, std::stop_token stop)
        : verifier_(verifier), connect_timeout_(connect_timeout), stop_(std::move(stop))
    {
    }
    HttpReply post(const HttpRequest& request);

  private:
    void start();
    void prepare(const HttpRequest& request);
    HttpReply attempt(const HttpRequest& request);
    CURLcode wait(TimePoint deadline);
    [[nodiscard]] long status() const;
    [[noreturn]] void fail(CURLcode result, const HttpRequest& request);

    static std::size_t on_read(char* data, std::size_t, std::size_t size, void* self);
    static int on_seek(void* self, curl_off_t offset, int origin);
    static std::size_t on_write(char* data, std::size_t, std::size_t length, void* self);
    static CURLcode on_context(CURL*, void* context, void* self);
    static int on_verify(X509_STORE_CTX* chain, void* self);

    Verifier& verifier_;
    std::chrono::milliseconds connect_timeout_;
    std::stop_token stop_;
    std::unique_ptr<CURL, FreeEasy> easy_;
    std::unique_ptr<CURLM, FreeMulti> multi_;
    std::unique_ptr<curl_slist, FreeList> fields_;
    std::string content_type_;
    std::array<char, CURL_ERROR_SIZE> error_{};
    std::string host_;
    std::uint16_t port_ = 443;

    // Of the request in progress.
    std::string_view body_;
    std::size_t sent_ = 0;
    const std::function<void(std::string_view)>* on_body_ = nullptr;
    std::size_t received_ = 0;
    std::string error_body_;
    std::exception_ptr thrown_; ///< in a callback
};

void HttpClient::Impl::start()
{
    if (easy_)
        return;
    easy_.reset(curl().easy_init());
    multi_.reset(curl().multi_init());
    if (!easy_ || !multi_)
        throw Error(Errc::failed, "libcurl: out of memory");
    CURL* h = easy_.get();
    const auto set = curl().easy_setopt;
    set(h, CURLOPT_PROTOCOLS_STR, "http,https");
    set(h, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(h, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(h, CURLOPT_NOSIGNAL, 1L);
    set(h, CURLOPT_TCP_KEEPALIVE, 1L);
    set(h, CURLOPT_ERRORBUFFER, error_.data());
    // The verifier decides in on_verify; libcurl's own look at the name would refuse pinned ones.
    set(h, CURLOPT_SSL_VERIFYHOST, 0L);
    set(h, CURLOPT_SSL_CTX_FUNCTION, &Impl::on_context);
    set(h, CURLOPT_SSL_CTX_DATA, this);
    set(h, CURLOPT_POST, 1L);
    set(h, CURLOPT_READFUNCTION, &Impl::on_read);
    set(h, CURLOPT_READDATA, this);
    set(h, CURLOPT_SEEKDATA, this);
    set(h, CURLOPT_WRITEFUNCTION, &Impl::on_write);
    set(h, CURLOPT_WRITEDATA, this);
    if (const char* bundle = std::getenv("SSL_CERT_FILE"))
        set(h, CURLOPT_CAINFO, bundle);
}

void HttpClient::Impl::prepare(const HttpRequest& request)
{
    start();
    CURL* h = easy_.get();
    const auto set = curl().easy_setopt;
    if (content_type_ != request.content_type) {
        content_type_ = request.content_type;
        const std::string type = "Content-Type: " + content_type_;
        fields_.reset(curl().slist_append(nullptr, type.c_str()));
        curl().slist_append(fields_.get(), "Expect:"); // xapi never sends 100 Continue
        set(h, CURLOPT_HTTPHEADER, fields_.get());
        set(h, CURLOPT_USERAGENT, request.user_agent.c_str());
    }
    set(h, CURLOPT_URL, request.url.c_str());
    set(h, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    // When a kept connection turns out dead, libcurl sends again what it can rewind. What may have
    // been carried out must not be sent twice, so then it cannot.
    set(h, CURLOPT_SEEKFUNCTION, request.replayable ? &Impl::on_seek : nullptr);
    set(h, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect_timeout_.count()));
    std::tie(host_, port_) = place_of(request.url);
    body_ = request.body;
    on_body_ = &request.on_body;
    sent_ = received_ = 0;
    error_body_.clear();
    error_[0] = '\0';
    thrown_ = nullptr;
}

std::size_t HttpClient::Impl::on_read(char* data, std::size_t /*always 1*/, std::size_t size,
                                      void* self)
{
    auto& client = *static_cast<Impl*>(self);
    const std::size_t n = std::min(size, client.body_.size() - client.sent_);
    std::memcpy(data, client.body_.data() + client.sent_, n);
    client.sent_ += n;
    return n;
}

int HttpClient::Impl::on_seek(void* self, curl_off_t offset, int origin)
{
    if (origin != SEEK_SET || offset != 0)
        return CURL_SEEKFUNC_CANTSEEK;
    static_cast<Impl*>(self)->sent_ = 0;
    return CURL_SEEKFUNC_OK;
}

long HttpClient::Impl::status() const
{
    long status = 0;
    curl().easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    return status;
}

std::size_t HttpClient::Impl::on_write(char* data, std::size_t /*always 1*/, std::size_t length,
                                       void* self)
{
    auto& client = *static_cast<Impl*>(self);
    const std::string_view piece(data, length);
    client.received_ += length;
    const long status = client.status();
    if (status < 200 || status > 299) {
        const std::size_t room = error_body_limit - client.error_body_.size();
        client.error_body_ += piece.substr(0, room);
        return length;
    }
    try {
        if (*client.on_body_)
            (*client.on_body_)(piece);
        return length;
    } catch (...) {
        client.thrown_ = std::current_exception();
        return length == 0 ? 1 : 0; // anything but `length` ends the transfer
    }
}

CURLcode HttpClient::Impl::on_context(CURL* /*handle*/, void* context, void* self)
{
    SSL_CTX_set_cert_verify_callback(static_cast<SSL_CTX*>(context), &Impl::on_verify, self);
    return CURLE_OK;
}

int HttpClient::Impl::on_verify(X509_STORE_CTX* chain, void* self)
{
    auto& client = *static_cast<Impl*>(self);
    try {
        if (!expect_host(X509_STORE_CTX_get0_param(chain), client.host_))
            throw Error(Errc::usage,
                        fmt::format("{}: not a host name", text::quoted(client.host_)));
        if (client.verifier_.accept(inspect(chain, client.host_), client.port_)) {
            X509_STORE_CTX_set_error(chain, X509_V_OK);
            return 1;
        }
    } catch (...) {
        client.thrown_ = std::current_exception();
    }
    X509_STORE_CTX_set_error(chain, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

CURLcode HttpClient::Impl::wait(TimePoint deadline)
{
    const std::stop_callback wake(stop_, [this] { curl().multi_wakeup(multi_.get()); });
    while (true) {
        if (stop_.stop_requested())
            throw Error(Errc::interrupted, "interrupted");
        int running = 0;
        curl().multi_perform(multi_.get(), &running);
        int left = 0;
        while (const CURLMsg* message = curl().multi_info_read(multi_.get(), &left))
            if (message->msg == CURLMSG_DONE)
                return message->data.result;
        const auto now = std::chrono::steady_clock::now();
        if (now >= deadline)
            return CURLE_OPERATION_TIMEDOUT;
        const auto rest = std::chrono::ceil<std::chrono::milliseconds>(
            std::min<std::chrono::steady_clock::duration>(deadline - now, std::chrono::seconds(1)));
        curl().multi_poll(multi_.get(), nullptr, 0, static_cast<int>(rest.count()), nullptr);
    }
}

void HttpClient::Impl::fail(CURLcode result, const HttpRequest& request)
{
    const std::string words =
        error_[0] != '\0' ? text::printable(error_.data()) : curl().easy_strerror(result);
    const std::string where = text::printable(authority(host_, port_));
    const bool carried_out = sent_ == body_.size();
    switch (result) {
    case CURLE_OPERATION_TIMEDOUT: {
        const std::string message = fmt::format("{}: no answer in time", where);
        if (carried_out && !request.replayable)
            throw RequestLost(Errc::timeout, message,
                              "whether the request was carried out is not known");
        throw Error(carried_out ? Errc::timeout : Errc::unreachable,
                    carried_out ? message : fmt::format("{}: cannot connect: {}", where, words));
    }
    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
        if (carried_out)
            throw RequestLost(
                Errc::unreachable,
                fmt::format("{}: the connection broke before the answer: {}", where, words));
        throw Error(Errc::unreachable, fmt::format("{}: the connection broke: {}", where, words));
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
        throw Error(Errc::unreachable, fmt::format("{}: TLS: {}", where, words));
    default:
        throw Error(Errc::unreachable, fmt::format("{}: {}", where, words));
    }
}

HttpReply HttpClient::Impl::attempt(const HttpRequest& request)
{
    prepare(request);
    curl().multi_add_handle(multi_.get(), easy_.get());
    struct Removal { // closes the connection when the request has not ended
        Impl& client;
        ~Removal() { curl().multi_remove_handle(client.multi_.get(), client.easy_.get()); }
    };
    const CURLcode result = [&] {
        const Removal removal{*this};
        return wait(request.deadline);
    }();
    if (thrown_)
        std::rethrow_exception(std::exchange(thrown_, nullptr));
    if (result != CURLE_OK)
        fail(result, request);
    const char* type = nullptr;
    curl().easy_getinfo(easy_.get(), CURLINFO_CONTENT_TYPE, &type);
    const char* redirect = nullptr;
    curl().easy_getinfo(easy_.get(), CURLINFO_REDIRECT_URL, &redirect);
    return {.status = status(),
            .content_type = type == nullptr ? "" : type,
            .error_body = std::move(error_body_),
            .redirect = redirect == nullptr ? "" : redirect};
}

HttpReply HttpClient::Impl::post(const HttpRequest& request)
{
    if (request.body.size() > max_rpc_body)
        throw Error(Errc::usage,
                    fmt::format("a request of {} bytes, but the server takes {} at most",
                                request.body.size(), max_rpc_body),
                    "name fewer objects at a time");
    for (int tried = 1;; ++tried) {
        try {
            return attempt(request);
        } catch (const RequestLost& lost) {
            // What was handed out cannot be taken back.
            if (!request.replayable || received_ > 0 || tried == attempts)
                throw;
        }
    }
}

HttpClient::HttpClient(Verifier& verifier, std::chrono::milliseconds connect_timeout,
                       std::stop_token stop)
    : impl_(std::make_unique<Impl>(verifier, connect_timeout, std::move(stop)))
{
}

HttpClient::~HttpClient() = default;

HttpReply HttpClient::post(const HttpRequest& request)
{
    return impl_->post(request);
}

} // namespace xenlab::transport
