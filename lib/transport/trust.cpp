// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/transport/trust.hpp>

#include <fmt/format.h>
#include <openssl/x509.h>

#include <memory>

namespace xenlab::transport {
namespace {

/// "" when the certificate is valid today.
std::string date_problem(const TlsPeer& peer)
{
    const auto* der = reinterpret_cast<const unsigned char*>(peer.certificate.data()); // NOLINT
    const std::unique_ptr<X509, decltype(&X509_free)> leaf(
        d2i_X509(nullptr, &der, static_cast<long>(peer.certificate.size())), &X509_free);
    if (!leaf)
        return "it cannot be read";
    if (X509_cmp_current_time(X509_get0_notAfter(leaf.get())) < 0)
        return "it has expired";
    if (X509_cmp_current_time(X509_get0_notBefore(leaf.get())) > 0)
        return "it is not valid yet";
    return {};
}

} // namespace

std::optional<std::string> parse_pin(std::string_view text)
{
    if (text.starts_with("sha256:") || text.starts_with("SHA256:"))
        text.remove_prefix(7);
    std::string hex;
    for (const char c : text::to_lower(text))
        if (c != ':')
            hex += c;
    const bool good =
        hex.size() == 64 && hex.find_first_not_of("0123456789abcdef") == std::string::npos;
    return good ? std::optional(hex) : std::nullopt;
}

std::string authority(std::string_view host, std::uint16_t port)
{
    return host.find(':') != std::string_view::npos ? fmt::format("[{}]:{}", host, port)
                                                    : fmt::format("{}:{}", host, port);
}

Verifier::Verifier(Options options) : options_(std::move(options)) {}

void Verifier::check_pinned(const TlsPeer& peer, const std::string& where, const std::string& pin)
{
    const std::string shown = text::printable(where);
    if (pin != peer.sha256)
        throw Error(
            Errc::unreachable,
            fmt::format("{}: the server's certificate has changed: it is sha256:{}, but sha256:{} "
                        "was expected",
                        shown, peer.sha256, pin),
            options_.accept_command.empty()
                ? "somebody may be in between; if the change is right, forget the old pin"
                : fmt::format("somebody may be in between; if the change is right: {}",
                              options_.accept_command));
    if (const std::string problem = date_problem(peer); !problem.empty() && options_.note)
        options_.note(
            fmt::format("{}: the pinned certificate is accepted although {}", shown, problem));
}

void Verifier::first_use(const TlsPeer& peer, const std::string& where)
{
    const std::string shown = text::printable(where);
    if (const std::string problem = date_problem(peer); !problem.empty())
        throw Error(Errc::unreachable,
                    fmt::format("{}: the server's certificate is not trusted: {}", shown, problem),
                    fmt::format("to trust it all the same, name it: --pin sha256:{}", peer.sha256));
    PinStore(options_.pin_file).remember(where, peer.sha256);
    if (options_.note)
        options_.note(fmt::format("{}: pinned the server's certificate sha256:{} on first use",
                                  shown, peer.sha256));
}

bool Verifier::accept(const TlsPeer& peer, std::uint16_t port)
{
    const std::lock_guard lock(mutex_); // two first connections pin once
    const std::string where = authority(peer.host, port);
    if (!options_.expected_pin.empty()) {
        check_pinned(peer, where, options_.expected_pin);
        return true;
    }
    if (peer.problem.empty())
        return true;
    if (options_.pin_file.empty())
        throw Error(Errc::unreachable,
                    fmt::format("{}: the server's certificate is not trusted: {}",
                                text::printable(where), peer.problem),
                    "add its authority to the system's trust store, and connect by the name it is "
                    "for");
    if (const auto pin = PinStore(options_.pin_file).find(where))
        check_pinned(peer, where, *pin);
    else
        first_use(peer, where);
    return true;
}

std::function<bool(const TlsPeer&)> Verifier::for_port(std::uint16_t port)
{
    return [this, port](const TlsPeer& peer) { return accept(peer, port); };
}

void Verifier::introduce(std::string_view host, std::uint16_t port, std::string_view sha256)
{
    const std::lock_guard lock(mutex_);
    const PinStore store(options_.pin_file);
    const std::string where = authority(host, port);
    if (!options_.pin_file.empty() && !store.find(where))
        store.remember(where, sha256);
}

} // namespace xenlab::transport
