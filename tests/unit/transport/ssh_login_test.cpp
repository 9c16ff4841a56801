// SPDX-License-Identifier: GPL-3.0-or-later
// Host keys, user keys and ways to a host, against a real sshd.
#include "ssh_server.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/transport/ssh.hpp>

#include <gtest/gtest.h>

#include <gmock/gmock.h>

using namespace xenlab;
using namespace std::chrono_literals;
using test::SshServer;
using testing::HasSubstr;

namespace {

class SshLogin : public testing::Test {
  protected:
    void SetUp() override
    {
        if (!test::have_sshd())
            GTEST_SKIP() << "needs sshd, which is not installed";
    }

    static void expect_login(transport::SshSession& session)
    {
        EXPECT_EQ(transport::run_ssh(session, "echo in", {}).out, "in\n");
    }

    /// The failure of a login with this configuration.
    static Error failure(const std::string& config_file, const std::string& host = "lab")
    {
        transport::SshOptions options;
        options.config_file = config_file;
        options.connect_timeout = 2s;
        try {
            transport::connect_ssh(transport::parse_ssh_target(host), options, {});
        } catch (const Error& error) {
            return error;
        }
        return {Errc::usage, "no failure"};
    }

    /// What ssh-keygen says about the server's key, independently of libssh.
    static std::string print_of(const SshServer& server)
    {
        test::run("ssh-keygen -lf '" + server.at("host_key.pub") + "' | cut -d' ' -f2 > '" +
                  server.at("print") + "'");
        std::string print = test::read_file(server.at("print"));
        print.pop_back();
        return print;
    }
};

} // namespace

TEST_F(SshLogin, AnUnknownKeyIsShownAndRefused)
{
    SshServer server;
    const std::string config = server.config();
    test::write_file(server.at("known_hosts"), "");
    const Error error = failure(config);
    EXPECT_EQ(error.code(), Errc::unreachable);
    EXPECT_THAT(error.what(),
                HasSubstr("the host key is not known: ssh-ed25519 " + print_of(server)));
    EXPECT_THAT(error.hint(), HasSubstr("accept it: ssh -F '" + config + "' lab true"));
    EXPECT_EQ(test::read_file(server.at("known_hosts")), "");
}

TEST_F(SshLogin, AChangedKeyIsRefusedWhateverTheConfigurationSays)
{
    for (const char* strict : {"ask", "yes", "no", "off", "accept-new"}) {
        SshServer server;
        const std::string config =
            server.config(std::string("Host *\n  StrictHostKeyChecking ") + strict + "\n");
        const std::string before = test::read_file(server.at("known_hosts"));
        server.stop();
        server.make_key("host_key", "ed25519");
        server.start();
        const Error error = failure(config);
        EXPECT_EQ(error.code(), Errc::unreachable) << strict;
        EXPECT_THAT(error.what(), HasSubstr("the host key has changed")) << strict;
        EXPECT_THAT(error.what(), HasSubstr(print_of(server))) << strict;
        EXPECT_THAT(error.what(), HasSubstr("known_hosts:1")) << strict;
        EXPECT_THAT(error.hint(), HasSubstr("ssh-keygen -R '[127.0.0.1]:")) << strict;
        EXPECT_EQ(test::read_file(server.at("known_hosts")), before) << strict;
    }
}

TEST_F(SshLogin, AKeyOfAnotherTypeIsAChangeToo)
{
    SshServer server;
    const std::string config = server.config("Host *\n  StrictHostKeyChecking accept-new\n");
    server.stop();
    server.make_key("host_key", "ecdsa");
    server.start();
    EXPECT_THAT(failure(config).what(), HasSubstr("the host key has changed"));
}

TEST_F(SshLogin, AcceptNewAddsTheKeyOnceAndSaysSo)
{
    SshServer server;
    const std::string config = server.config("Host *\n  StrictHostKeyChecking accept-new\n");
    test::write_file(server.at("known_hosts"), "# mine");
    transport::SshOptions options;
    options.config_file = config;
    options.note = [&](std::string_view words) { server.notes.emplace_back(words); };
    for (int i = 0; i < 2; ++i)
        expect_login(*transport::connect_ssh(transport::parse_ssh_target("lab"), options, {}));
    ASSERT_EQ(server.notes.size(), 1U);
    EXPECT_THAT(server.notes[0], HasSubstr(print_of(server)));
    EXPECT_EQ(test::read_file(server.at("known_hosts")),
              "# mine\n" + server.known_host("[127.0.0.1]:" + std::to_string(server.port())));
}

TEST_F(SshLogin, KnownHostsOfEveryForm)
{
    SshServer server;
    const std::string port = std::to_string(server.port());
    const std::string config = server.config();
    const std::string good = test::read_file(server.at("known_hosts"));
    const auto with = [&](const std::string& lines) {
        test::write_file(server.at("known_hosts"), lines);
        return failure(config);
    };
    EXPECT_STREQ(with("\n# c\nnonsense\nh1 ssh-rsa AAAA\n" + good).what(), "no failure");
    EXPECT_STREQ(with(server.known_host("*,!h9")).what(), "no failure");
    EXPECT_STREQ(with(server.known_host("[127.0.0.?]:" + port)).what(), "no failure");
    test::write_file(server.at("known_hosts"), good);
    test::run("ssh-keygen -q -H -f '" + server.at("known_hosts") + "' >/dev/null 2>&1");
    EXPECT_THAT(test::read_file(server.at("known_hosts")), HasSubstr("|1|"));
    EXPECT_STREQ(failure(config).what(), "no failure");
    EXPECT_THAT(with(server.known_host("127.0.0.1")).what(), HasSubstr("not known")); // port 22's
    EXPECT_THAT(with(server.known_host("*,!\\[127*")).what(), HasSubstr("no failure"));
    EXPECT_THAT(with(server.known_host("*,![127*")).what(), HasSubstr("not known"));
    EXPECT_THAT(with("@revoked " + server.known_host("*") + good).what(), HasSubstr("revoked"));
    EXPECT_THAT(with("@cert-authority " + server.known_host("*")).what(), HasSubstr("not known"));
}

TEST_F(SshLogin, HostKeyAliasAndSeveralFilesAreUsed)
{
    SshServer server;
    const std::string config =
        server.config("Host *\n  HostKeyAlias the-host\n  UserKnownHostsFile \"" +
                      server.at("none") + "\" \"" + server.at("second") + "\"\n");
    EXPECT_THAT(failure(config).what(), HasSubstr("not known"));
    test::write_file(server.at("second"), server.known_host("the-host"));
    EXPECT_STREQ(failure(config).what(), "no failure");
}

TEST_F(SshLogin, AKeyWithAPassphraseNeedsAnAgent)
{
    SshServer server;
    server.make_key("user_key", "ed25519", "secret");
    test::run("cp '" + server.at("user_key.pub") + "' '" + server.at("authorized_keys") + "'");
    const Error error = failure(server.config());
    EXPECT_EQ(error.code(), Errc::unreachable);
    EXPECT_THAT(error.what(), HasSubstr("user_key (needs a passphrase)"));
    EXPECT_EQ(error.hint(), "a passphrase is never asked for: put the key into an agent with "
                            "ssh-add '" +
                                server.at("user_key") + "'");
}

TEST_F(SshLogin, AnAgentIsAsked)
{
    SshServer server;
    const std::string socket = server.at("agent");
    test::run("ssh-agent -D -a '" + socket + "' >/dev/null 2>&1 & echo $! > '" + server.at("pid") +
              "'; for i in 1 2 3 4 5 6 7 8 9; do [ -S '" + socket +
              "' ] && break; sleep 0.1; done; SSH_AUTH_SOCK='" + socket + "' ssh-add -q '" +
              server.at("user_key") + "'");
    test::run("mv '" + server.at("user_key") + "' '" + server.at("away") + "'");
    EXPECT_THAT(failure(server.config()).what(), HasSubstr("user_key (no such file)"));
    expect_login(*server.connect("Host *\n  IdentityAgent \"" + socket + "\"\n"));
    test::run("kill $(cat '" + server.at("pid") + "')");
}

TEST_F(SshLogin, AnAgentThatHangsIsNotWaitedForLong)
{
    SshServer server;
    const std::string config =
        server.config("Host *\n  IdentityAgent \"" + server.at("agent") + "\"\n");
    const int silent = test::silent_unix_listener(server.at("agent"));
    transport::SshOptions options;
    options.config_file = config;
    options.login_timeout = 2s;
    const auto before = std::chrono::steady_clock::now();
    try {
        transport::connect_ssh(transport::parse_ssh_target("lab"), options, {});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Errc::timeout);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - before, 8s);
    ::close(silent);
    std::this_thread::sleep_for(500ms); // the thread that was left behind sees the end
}

TEST_F(SshLogin, ARefusedKeyIsNamed)
{
    SshServer server;
    test::write_file(server.at("authorized_keys"), "");
    const Error error = failure(server.config());
    EXPECT_EQ(error.code(), Errc::unreachable);
    EXPECT_THAT(error.what(), HasSubstr("refuses the login with " + server.at("user_key")));
    EXPECT_THAT(error.hint(), HasSubstr("ssh-copy-id"));
}

TEST_F(SshLogin, AJumpHostIsTheWay)
{
    SshServer gate;
    SshServer server;
    const std::string extra =
        "Host lab\n  ProxyJump gate\nHost gate\n  HostName 127.0.0.1\n  Port " +
        std::to_string(gate.port()) + "\n  IdentityFile \"" + gate.at("user_key") +
        "\"\n  UserKnownHostsFile \"" + gate.at("known_hosts") + "\"\n";
    gate.config();
    expect_login(*server.connect(extra));
    EXPECT_THAT(test::read_file(gate.at("log")), HasSubstr("Accepted publickey"));
    const auto session = server.connect(extra);
    EXPECT_EQ(transport::run_ssh(*session, "head -c 9000000 /dev/zero | tr '\\0' x | wc -c; cksum",
                                 {.input = std::string(9'000'000, 'y')})
                  .out,
              "9000000\n4137406152 9000000\n");
    gate.stop();
    EXPECT_THROW(transport::run_ssh(*session, "sleep 9", {.timeout = 8s}), Error);
    for (int i = 0; i < 500 && session->alive(); ++i) // the command may notice it first
        std::this_thread::sleep_for(10ms);
    EXPECT_FALSE(session->alive());
}

TEST_F(SshLogin, AProxyCommandIsTheWay)
{
    if (::access("/usr/bin/python3", X_OK) != 0)
        GTEST_SKIP() << "needs python3";
    SshServer server;
    test::write_file(server.at("relay.py"), R"(import socket, sys, threading, os
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def up():
    while True:
        data = os.read(0, 65536)
        if not data: break
        s.sendall(data)
    s.shutdown(socket.SHUT_WR)
threading.Thread(target=up, daemon=True).start()
while True:
    data = s.recv(65536)
    if not data: break
    os.write(1, data)
)");
    expect_login(*server.connect("Host lab\n  ProxyCommand python3 '" + server.at("relay.py") +
                                 "' %h %p\n"));
    EXPECT_EQ(failure(server.config("Host lab\n  ProxyCommand false\n")).code(), Errc::unreachable);
}

TEST_F(SshLogin, WhoDoesNotAnswerIsGivenUp)
{
    SshServer server;
    const auto before = std::chrono::steady_clock::now();
    const Error closed = failure(server.config("Host lab\n  Port 1\n"));
    EXPECT_EQ(closed.code(), Errc::unreachable);
    server.stop(); // and somebody who accepts and says nothing
    const int fd = test::silent_listener(server.port());
    transport::SshOptions options;
    options.config_file = server.config();
    options.login_timeout = 1s;
    try {
        transport::connect_ssh(transport::parse_ssh_target("lab"), options, {});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Errc::timeout);
        EXPECT_THAT(error.what(), HasSubstr("took too long"));
    }
    ::close(fd);
    EXPECT_LT(std::chrono::steady_clock::now() - before, 8s);
}

TEST_F(SshLogin, StopEndsALogin)
{
    SshServer server;
    server.stop();
    const int fd = test::silent_listener(server.port());
    std::stop_source stop;
    const std::jthread stopper([&] {
        std::this_thread::sleep_for(100ms);
        stop.request_stop();
    });
    try {
        server.connect({}, stop.get_token());
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Errc::interrupted);
    }
    ::close(fd);
}

namespace {

/// An agent that ends with its owner.
class Agent {
  public:
    explicit Agent(std::string socket) : socket_(std::move(socket))
    {
        test::run("ssh-agent -D -a '" + socket_ + "' >/dev/null 2>&1 & echo $! > '" + socket_ +
                  ".pid'; for i in $(seq 200); do [ -S '" + socket_ +
                  "' ] && break; sleep 0.05; done");
    }
    ~Agent() { test::run("kill $(cat '" + socket_ + ".pid')"); }
    Agent(const Agent&) = delete;
    Agent& operator=(const Agent&) = delete;
    void add(const std::string& key) const
    {
        test::run("SSH_AUTH_SOCK='" + socket_ + "' ssh-add -q '" + key + "' 2>/dev/null");
    }

  private:
    std::string socket_;
};

/// Signs keys; servers that trust it know no single key.
class Authority {
  public:
    Authority() { test::run("ssh-keygen -q -t ed25519 -N '' -f '" + key() + "'"); }
    [[nodiscard]] std::string key() const { return scratch_ / "ca"; }
    [[nodiscard]] std::string trust() const { return "TrustedUserCAKeys \"" + key() + ".pub\"\n"; }
    void sign(const std::string& public_key) const
    {
        test::run("ssh-keygen -q -s '" + key() + "' -I lab -n '" + test::our_name() + "' '" +
                  public_key + "'");
    }

  private:
    test::Scratch scratch_;
};

} // namespace

TEST_F(SshLogin, ACertificateBesideTheKeyIsUsed)
{
    const Authority authority;
    for (const char* type : {"ed25519", "ecdsa", "rsa"}) {
        SshServer server(authority.trust());
        server.make_key("user_key", type);
        test::write_file(server.at("authorized_keys"), "");
        EXPECT_THAT(failure(server.config()).what(), HasSubstr("refuses the login")) << type;
        authority.sign(server.at("user_key.pub"));
        expect_login(*server.connect());
        EXPECT_THAT(test::read_file(server.at("log")), HasSubstr("Accepted certificate ID"))
            << type;
    }
}

TEST_F(SshLogin, CertificateFileGoesWithItsKeyOnly)
{
    const Authority authority;
    SshServer server(authority.trust());
    test::write_file(server.at("authorized_keys"), "");
    server.make_key("other", "ed25519");
    authority.sign(server.at("other.pub"));
    authority.sign(server.at("user_key.pub"));
    test::run("mv '" + server.at("user_key-cert.pub") + "' '" + server.at("mine") + "'");
    const std::string other = "Host *\n  CertificateFile \"" + server.at("other-cert.pub") + "\"\n";
    EXPECT_THAT(failure(server.config(other)).what(), HasSubstr("refuses the login"));
    expect_login(*server.connect(other + "  CertificateFile \"" + server.at("mine") + "\"\n"));
}

TEST_F(SshLogin, AnAgentsCertificateIsUsed)
{
    const Authority authority;
    SshServer server(authority.trust());
    test::write_file(server.at("authorized_keys"), "");
    authority.sign(server.at("user_key.pub"));
    const Agent agent(server.at("agent"));
    agent.add(server.at("user_key")); // and its certificate
    test::run("rm '" + server.at("user_key") + "' '" + server.at("user_key-cert.pub") + "'");
    for (const char* only : {"no", "yes"})
        expect_login(*server.connect("Host *\n  IdentityAgent \"" + server.at("agent") +
                                     "\"\n  IdentitiesOnly " + only + "\n"));
}

TEST_F(SshLogin, IdentitiesOnlyAsksTheAgentForNamedKeysOnly)
{
    SshServer server("MaxAuthTries 2\n");
    const Agent agent(server.at("agent"));
    for (int i = 0; i < 4; ++i) { // more than the server's patience
        server.make_key("stranger" + std::to_string(i), "ed25519");
        agent.add(server.at("stranger" + std::to_string(i)));
    }
    agent.add(server.at("user_key"));
    test::run("rm '" + server.at("user_key") + "'"); // its public half is enough
    const std::string through = "Host *\n  IdentityAgent \"" + server.at("agent") + "\"\n";
    const Error error = failure(server.config(through));
    EXPECT_EQ(error.code(), Errc::unreachable);
    EXPECT_THAT(error.what(), HasSubstr("Too many authentication failures"));
    EXPECT_THAT(error.hint(), HasSubstr("IdentitiesOnly yes"));
    expect_login(*server.connect(through + "  IdentitiesOnly yes\n"));
}
