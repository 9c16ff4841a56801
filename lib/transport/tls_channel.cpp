// SPDX-License-Identifier: GPL-3.0-or-later
// OpenSSL over a BIO that is a Channel: the channel waits and watches deadlines, so OpenSSL always
// sees a blocking stream. No exception may pass through OpenSSL, so the BIO keeps it for the
// caller.
#include "half_close.hpp"
#include "peer_certificate.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/transport/tls_channel.hpp>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <exception>

namespace xenlab::transport {
namespace {

template <auto Function>
struct Free {
    template <typename T>
    void operator()(T* object) const
    {
        Function(object);
    }
};
template <typename T, auto Function>
using Owned = std::unique_ptr<T, Free<Function>>;

class TlsChannel final : public Channel, public HalfClose, public Pollable {
  public:
    TlsChannel(std::unique_ptr<Channel> plain, std::string host, const TlsOptions& options);
    ~TlsChannel() override = default;
    TlsChannel(const TlsChannel&) = delete;
    TlsChannel& operator=(const TlsChannel&) = delete;

    void shake_hands(TimePoint deadline);
    std::size_t read(std::span<std::byte> buffer, TimePoint deadline) override;
    void write(std::span<const std::byte> head, std::span<const std::byte> body,
               TimePoint deadline) override;
    [[nodiscard]] const std::string& peer() const noexcept override { return plain_->peer(); }
    void end_writing(TimePoint deadline) override;
    [[nodiscard]] int descriptor() const override
    {
        return dynamic_cast<const Pollable&>(*plain_).descriptor();
    }
    [[nodiscard]] bool buffered() const override { return SSL_has_pending(ssl_.get()) == 1; }

  private:
    static int bio_read(BIO* bio, char* data, int length);
    static int bio_write(BIO* bio, const char* data, int length);
    static long bio_control(BIO* bio, int command, long, void*);
    static int verify(X509_STORE_CTX* chain, void* self);

    void choose_trust(const std::string& file);
    void name_host();
    void use_channel();
    bool accepted(X509_STORE_CTX* chain);
    void write_part(std::span<const std::byte> data);
    [[noreturn]] void fail(int result, const char* doing);

    std::unique_ptr<Channel> plain_;
    std::string host_;
    std::function<bool(const TlsPeer&)> accept_;
    TimePoint deadline_ = no_deadline; ///< of the operation in progress
    std::exception_ptr thrown_;        ///< in a callback of the operation in progress
    Owned<BIO_METHOD, BIO_meth_free> method_;
    Owned<SSL_CTX, SSL_CTX_free> context_;
    Owned<SSL, SSL_free> ssl_;
};

Error out_of_memory()
{
    return {Errc::failed, "OpenSSL: out of memory"};
}

TlsChannel::TlsChannel(std::unique_ptr<Channel> plain, std::string host, const TlsOptions& options)
    : plain_(std::move(plain)), host_(std::move(host)), accept_(options.accept),
      method_(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "xenlab channel")),
      context_(SSL_CTX_new(TLS_client_method()))
{
    if (!method_ || !context_ || SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION) != 1)
        throw out_of_memory();
    SSL_CTX_set_options(context_.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    choose_trust(options.trust_file);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(context_.get(), &TlsChannel::verify, this);
    ssl_.reset(SSL_new(context_.get()));
    if (!ssl_)
        throw out_of_memory();
    name_host();
    use_channel();
}

void TlsChannel::choose_trust(const std::string& file)
{
    if (file.empty()) {
        if (SSL_CTX_set_default_verify_paths(context_.get()) != 1)
            throw Error(Errc::failed, "cannot read the system's certificate authorities");
    } else if (SSL_CTX_load_verify_file(context_.get(), file.c_str()) != 1) {
        throw Error(Errc::failed,
                    fmt::format("{}: no certificate authorities in there", text::printable(file)));
    }
}

void TlsChannel::name_host()
{
    const bool done = expect_host(SSL_get0_param(ssl_.get()), host_) &&
                      (is_address(host_) ||
                       // SSL_set_tlsext_host_name, which is a macro with a C cast
                       SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                                host_.data()) == 1);
    if (!done)
        throw Error(Errc::usage, fmt::format("{}: not a host name", text::quoted(host_)));
}

void TlsChannel::use_channel()
{
    BIO_meth_set_read(method_.get(), &TlsChannel::bio_read);
    BIO_meth_set_write(method_.get(), &TlsChannel::bio_write);
    BIO_meth_set_ctrl(method_.get(), &TlsChannel::bio_control);
    BIO* bio = BIO_new(method_.get());
    if (bio == nullptr)
        throw out_of_memory();
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio); // now owned by the SSL
}

int TlsChannel::bio_read(BIO* bio, char* data, int length)
{
    auto& self = *static_cast<TlsChannel*>(BIO_get_data(bio));
    try {
        const auto buffer =
            std::as_writable_bytes(std::span(data, static_cast<std::size_t>(length)));
        return static_cast<int>(self.plain_->read(buffer, self.deadline_));
    } catch (...) {
        self.thrown_ = std::current_exception();
        return -1;
    }
}

int TlsChannel::bio_write(BIO* bio, const char* data, int length)
{
    auto& self = *static_cast<TlsChannel*>(BIO_get_data(bio));
    try {
        const auto bytes = std::as_bytes(std::span(data, static_cast<std::size_t>(length)));
        self.plain_->write(bytes, {}, self.deadline_);
        return length;
    } catch (...) {
        self.thrown_ = std::current_exception();
        return -1;
    }
}

long TlsChannel::bio_control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/)
{
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int TlsChannel::verify(X509_STORE_CTX* chain, void* self)
{
    auto& channel = *static_cast<TlsChannel*>(self);
    try {
        if (channel.accepted(chain)) {
            X509_STORE_CTX_set_error(chain, X509_V_OK);
            return 1;
        }
    } catch (...) {
        channel.thrown_ = std::current_exception();
    }
    if (X509_STORE_CTX_get_error(chain) == X509_V_OK)
        X509_STORE_CTX_set_error(chain, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

bool TlsChannel::accepted(X509_STORE_CTX* chain)
{
    const TlsPeer shown = inspect(chain, host_);
    return accept_ ? accept_(shown) : shown.problem.empty();
}

void TlsChannel::fail(int result, const char* doing)
{
    if (thrown_)
        std::rethrow_exception(std::exchange(thrown_, nullptr));
    if (const long problem = SSL_get_verify_result(ssl_.get()); problem != X509_V_OK)
        throw Error(
            Errc::unreachable,
            fmt::format("{}: the server's certificate is not trusted: {}", peer(),
                        X509_verify_cert_error_string(problem)),
            "add its authority to the system's trust store, and connect by the name it is for");
    const bool cut_off = SSL_get_error(ssl_.get(), result) == SSL_ERROR_SYSCALL;
    const unsigned long code = ERR_get_error();
    const char* words = code != 0 ? ERR_reason_error_string(code) : nullptr;
    const bool ended = cut_off || words == nullptr;
    throw Error(Errc::unreachable, fmt::format("{}: {}: {}", peer(), doing,
                                               ended ? "the peer closed the connection" : words));
}

void TlsChannel::shake_hands(TimePoint deadline)
{
    deadline_ = deadline;
    ERR_clear_error();
    const int result = SSL_connect(ssl_.get());
    if (result != 1 || thrown_)
        fail(result, "TLS handshake");
}

std::size_t TlsChannel::read(std::span<std::byte> buffer, TimePoint deadline)
{
    if (buffer.empty())
        return 0;
    deadline_ = deadline;
    ERR_clear_error();
    std::size_t n = 0;
    const int result = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &n);
    if (result == 1)
        return n;
    const bool cut_off = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    if (!thrown_ && (SSL_get_error(ssl_.get(), result) == SSL_ERROR_ZERO_RETURN || cut_off))
        return 0; // the protocols above know where their messages end
    fail(result, "TLS");
}

void TlsChannel::write_part(std::span<const std::byte> data)
{
    if (data.empty())
        return;
    ERR_clear_error();
    std::size_t n = 0; // all of it: partial writes are not enabled
    const int result = SSL_write_ex(ssl_.get(), data.data(), data.size(), &n);
    if (result != 1)
        fail(result, "TLS");
}

void TlsChannel::write(std::span<const std::byte> head, std::span<const std::byte> body,
                       TimePoint deadline)
{
    deadline_ = deadline;
    write_part(head);
    write_part(body);
}

/// A close_notify: without it the peer (stunnel in front of xapi) takes the end for a broken
/// connection.
void TlsChannel::end_writing(TimePoint deadline)
{
    deadline_ = deadline;
    ERR_clear_error();
    if (SSL_shutdown(ssl_.get()) < 0)
        fail(-1, "TLS");
    transport::end_writing(*plain_, deadline);
}

} // namespace

std::unique_ptr<Channel> start_tls(std::unique_ptr<Channel> plain, const std::string& host,
                                   const TlsOptions& options, TimePoint deadline)
{
    auto channel = std::make_unique<TlsChannel>(std::move(plain), host, options);
    channel->shake_hands(deadline);
    return channel;
}

} // namespace xenlab::transport
