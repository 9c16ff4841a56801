// SPDX-License-Identifier: GPL-3.0-or-later
#include "pool_nbd.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/nbd/client.hpp>

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace xenlab::transfer {
namespace {

std::string text_of(const xmlrpc::Value& info, std::string_view member)
{
    const xmlrpc::Value* value = info.find(member);
    return value == nullptr ? std::string() : value->as_scalar().value_or("");
}

struct FreeBio {
    void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
struct FreeCertificate {
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};

/// The DER of the first certificate in PEM text; empty when there is none.
std::vector<std::byte> der_of(const std::string& pem)
{
    const std::unique_ptr<BIO, FreeBio> bio(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const std::unique_ptr<X509, FreeCertificate> certificate(
        PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    unsigned char* der = nullptr;
    const int length = certificate ? i2d_X509(certificate.get(), &der) : -1;
    if (length <= 0)
        return {};
    const auto* bytes = reinterpret_cast<const std::byte*>(der); // NOLINT: bytes as bytes
    std::vector<std::byte> copy(bytes, bytes + length);
    OPENSSL_free(der);
    return copy;
}

std::unique_ptr<block::BlockDevice> connect(xapi::Session& session, const xmlrpc::Value& info)
{
    const std::string cert = text_of(info, "cert");
    const std::string host = text_of(info, "address");
    const std::string subject = text_of(info, "subject");
    const auto port = text::parse_u64(text_of(info, "port"));
    const auto der = der_of(cert);
    if (der.empty())
        throw Error(Errc::unreachable, "it offers no TLS, and an export's name holds the session");
    if (!port || *port == 0 || *port > 65535)
        throw Error(Errc::bad_data, "an impossible port");
    nbd::ClientOptions options;
    options.tls.accept = [&](const transport::TlsPeer& peer) {
        if (peer.certificate != der)
            throw Error(Errc::unreachable, "its certificate is not the one the pool names");
        return true;
    };
    auto channel =
        transport::connect_tcp(host, static_cast<std::uint16_t>(*port),
                               transport::deadline_in(std::chrono::seconds(10)), session.stop());
    return nbd::open_export(std::move(channel), text_of(info, "exportname"),
                            subject.empty() ? host : subject, options);
}

} // namespace

std::unique_ptr<block::BlockDevice>
open_pool_nbd(lab::Pool& pool, const xapi::Object<xapi::Vdi>& vdi,
              const std::function<void(const std::string&)>& say)
{
    xapi::Session& session = pool.session();
    try {
        const xmlrpc::Value all = session.call("VDI.get_nbd_info", {xapi::Session::value(vdi.ref)});
        const xmlrpc::Array* offers = all.if_array();
        if (offers == nullptr || offers->empty()) {
            say("the pool offers no NBD");
            return nullptr;
        }
        return connect(session, offers->front());
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted)
            throw;
        say(fmt::format("NBD is not used: {}", error.what()));
        return nullptr;
    }
}

} // namespace xenlab::transfer
