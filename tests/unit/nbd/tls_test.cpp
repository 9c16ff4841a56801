// SPDX-License-Identifier: GPL-3.0-or-later
// nbds:// against nbdkit with certificates made here, and the versions that TLS must have.
#include "listener.hpp"

#include <xenlab/nbd/client.hpp>

#include <thread>

namespace xenlab::nbd::test {
namespace {

/// An authority and a server's certificate by it, in the files that nbdkit wants.
class Certificates {
  public:
    explicit Certificates(const std::string& names)
    {
        const Ran ran =
            shell("cd " + quoted(scratch_.file(".")) +
                  " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
                  " -keyout ca-key.pem -out ca-cert.pem -days 2 -subj '/CN=test authority'"
                  " && openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
                  " -keyout server-key.pem -out server.csr -subj '/CN=test server'"
                  " && echo subjectAltName=" +
                  names +
                  " >ext"
                  " && openssl x509 -req -in server.csr -CA ca-cert.pem -CAkey ca-key.pem"
                  " -CAcreateserial -days 2 -extfile ext -out server-cert.pem");
        EXPECT_EQ(ran.status, 0) << ran.out;
    }
    [[nodiscard]] std::string authority() const { return scratch_.file("ca-cert.pem"); }
    [[nodiscard]] std::string folder() const { return scratch_.file("."); }
    /// SHA-256 of the server's certificate as openssl(1) tells it.
    [[nodiscard]] std::string fingerprint() const
    {
        return shell("openssl x509 -in " + quoted(scratch_.file("server-cert.pem")) +
                     " -outform DER | sha256sum | cut -c1-64 | tr -d '\\n'")
            .out;
    }

  private:
    Scratch scratch_;
};

class TlsServer {
  public:
    explicit TlsServer(const Certificates& certificates, const std::string& mode = "require")
        : program_("nbdkit --tls=" + mode + " --tls-certificates=" + quoted(certificates.folder()) +
                       " pattern 4M",
                   listener_.fd)
    {
    }
    [[nodiscard]] std::string at(const std::string& scheme_and_host) const
    {
        return scheme_and_host + ":" + std::to_string(listener_.port) + "/";
    }

  private:
    TcpListener listener_ = listen_tcp();
    Captive program_;
};

ClientOptions trusting(const std::string& file)
{
    ClientOptions options;
    options.tls.trust_file = file;
    return options;
}

/// What connect() throws, if anything.
std::optional<Error> refusal(const std::string& uri, const ClientOptions& options)
{
    try {
        connect(uri, options, {});
    } catch (const Error& error) {
        return error;
    }
    return std::nullopt;
}

#define NEED_TLS                                                                                   \
    NEED("nbdkit");                                                                                \
    NEED("openssl")

TEST(Tls, ReadsWhenAuthorityAndNameFit)
{
    NEED_TLS;
    const Certificates certificates("DNS:localhost,IP:127.0.0.1");
    const TlsServer server(certificates);
    for (const std::string host : {"nbds://localhost", "nbds://127.0.0.1"}) {
        const auto device = connect(server.at(host), trusting(certificates.authority()), {});
        const auto data = read_at(*device, 1 << 20, 3 << 20);
        for (std::size_t i = 0; i < data.size(); i += 8)
            ASSERT_EQ(bytes::be64(data, i), (1U << 20) + i);
    }
}

TEST(Tls, RefusesAnUnknownAuthority)
{
    NEED_TLS;
    const Certificates certificates("DNS:localhost");
    const Certificates others("DNS:localhost");
    const TlsServer server(certificates);
    for (const std::string& trust :
         {others.authority(), std::string()}) { // the latter: the system's
        const auto error = refusal(server.at("nbds://localhost"), trusting(trust));
        ASSERT_TRUE(error);
        EXPECT_EQ(error->code(), Errc::unreachable);
        EXPECT_NE(std::string(error->what()).find("not trusted"), std::string::npos)
            << error->what();
        EXPECT_FALSE(error->hint().empty());
    }
    EXPECT_EQ(refusal(server.at("nbds://localhost"), trusting("/no/such/file"))->code(),
              Errc::failed);
}

TEST(Tls, RefusesACertificateForAnotherHost)
{
    NEED_TLS;
    const Certificates certificates("DNS:storage.example,DNS:*.example.org,IP:127.0.0.2");
    const TlsServer server(certificates);
    for (const std::string host : {"nbds://localhost", "nbds://127.0.0.1"}) {
        const auto error = refusal(server.at(host), trusting(certificates.authority()));
        ASSERT_TRUE(error);
        EXPECT_EQ(error->code(), Errc::unreachable);
        EXPECT_NE(std::string(error->what()).find("mismatch"), std::string::npos) << error->what();
    }
}

TEST(Tls, ACallerMayDecideByTheFingerprint)
{
    NEED_TLS;
    const Certificates certificates("DNS:elsewhere");
    const TlsServer server(certificates);
    const std::string pinned = certificates.fingerprint();
    transport::TlsPeer seen;
    ClientOptions options;
    options.tls.accept = [&](const transport::TlsPeer& peer) {
        seen = peer;
        return peer.sha256 == pinned;
    };
    EXPECT_EQ(connect(server.at("nbds://localhost"), options, {})->size(), 4U << 20);
    EXPECT_EQ(seen.host, "localhost");
    EXPECT_EQ(seen.sha256, pinned);
    EXPECT_FALSE(seen.certificate.empty());
    EXPECT_FALSE(seen.problem.empty());

    options.tls.accept = [](const transport::TlsPeer&) { return false; };
    EXPECT_EQ(refusal(server.at("nbds://localhost"), options)->code(), Errc::unreachable);
    options.tls.trust_file = certificates.authority();
    options.tls.accept = [](const transport::TlsPeer&) -> bool {
        throw Error(Errc::precondition, "the pinned certificate has changed");
    };
    EXPECT_EQ(refusal(server.at("nbds://localhost"), options)->code(), Errc::precondition);
}

TEST(Tls, NeitherSideGoesOnWithoutIt)
{
    NEED_TLS;
    const Certificates certificates("DNS:localhost");
    const TlsServer demands(certificates);
    const auto plain = refusal(demands.at("nbd://localhost"), {});
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->code(), Errc::unreachable);
    EXPECT_EQ(plain->hint(), "use nbds:// instead of nbd://");
    const TlsServer lacks(certificates, "off");
    const auto error = refusal(lacks.at("nbds://localhost"), trusting(certificates.authority()));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), Errc::unreachable);
    EXPECT_NE(std::string(error->what()).find("offers no TLS"), std::string::npos) << error->what();
}

/// start_tls against openssl's server.
std::optional<Errc> handshake_with(const std::string& server_options)
{
    const Certificates certificates("DNS:localhost");
    const std::string socket = certificates.folder() + "/s";
    const Captive program("openssl s_server -quiet -unix " + quoted(socket) + " -cert " +
                              quoted(certificates.folder() + "/server-cert.pem") + " -key " +
                              quoted(certificates.folder() + "/server-key.pem") + " " +
                              server_options,
                          io::open_file("/dev/null", O_RDONLY));
    const auto deadline = transport::deadline_in(std::chrono::seconds(20));
    while (!std::filesystem::exists(socket) && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return code_of([&] {
        transport::start_tls(transport::connect_unix(socket, deadline, {}), "localhost",
                             {.trust_file = certificates.authority()}, deadline);
    });
}

TEST(Tls, VersionsBefore12AreRefused)
{
    NEED("openssl");
    EXPECT_EQ(handshake_with("-tls1_3"), std::nullopt);
    EXPECT_EQ(handshake_with("-tls1_2"), std::nullopt);
    EXPECT_EQ(handshake_with("-tls1_1 -cipher DEFAULT:@SECLEVEL=0"), Errc::unreachable);
}

} // namespace
} // namespace xenlab::nbd::test
