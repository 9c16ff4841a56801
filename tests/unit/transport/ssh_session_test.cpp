// SPDX-License-Identifier: GPL-3.0-or-later
// Commands and channels on a session to a real sshd.
#include "ssh_server.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/shell.hpp>

#include <gtest/gtest.h>

#include <future>

using namespace xenlab;
using namespace std::chrono_literals;
using test::SshServer;
using transport::deadline_in;
using transport::SshCommandOptions;

namespace {

class SshSession : public testing::Test {
  protected:
    void SetUp() override
    {
        if (!test::have_sshd())
            GTEST_SKIP() << "needs sshd, which is not installed";
    }

    static std::string all_of(transport::SshCommand& command)
    {
        std::string text;
        std::array<std::byte, 65536> part{};
        while (const std::size_t n = command.read_stdout(part, deadline_in(10s)))
            text.append(reinterpret_cast<const char*>(part.data()), n);
        return text;
    }
};

Errc code_of(const std::function<void()>& action)
{
    try {
        action();
    } catch (const Error& error) {
        return error.code();
    }
    return Errc::usage;
}

} // namespace

TEST_F(SshSession, StreamsStatusAndInputAreApart)
{
    SshServer server;
    const auto session = server.connect();
    const auto result =
        transport::run_ssh(*session, "tr a-z A-Z; echo oops >&2; exit 3", {.input = "hello\n"});
    EXPECT_EQ(result.out, "HELLO\n");
    EXPECT_EQ(result.err, "oops\n");
    EXPECT_EQ(result.exit.status, 3);
    EXPECT_FALSE(result.exit.ok());
    const auto killed = transport::run_ssh(*session, "kill -TERM $$", {});
    EXPECT_FALSE(killed.exit.status);
    EXPECT_EQ(killed.exit.signal, "TERM");
    EXPECT_EQ(describe(killed.exit), "killed by SIGTERM");
}

TEST_F(SshSession, HostileWordsStayWords)
{
    SshServer server;
    const auto session = server.connect();
    const std::string hostile = "'; touch '" + server.at("owned") + "'; $(id)\n`id`\\";
    const auto result =
        transport::run_ssh(*session, text::shell_command({"printf", "%s", hostile}), {});
    EXPECT_EQ(result.out, hostile);
    EXPECT_NE(::access(server.at("owned").c_str(), F_OK), 0);
}

TEST_F(SshSession, ManyChannelsWorkAtOnce)
{
    SshServer server("MaxSessions 30\n");
    const auto session = server.connect();
    std::vector<std::future<std::string>> results;
    for (int i = 0; i < 12; ++i)
        results.push_back(std::async(std::launch::async, [&session, i] {
            return transport::run_ssh(
                       *session, "head -c 300000 /dev/zero | wc -c; cat; echo " + std::to_string(i),
                       {.input = std::string(100000, 'x') + "\n"})
                .out;
        }));
    for (std::size_t i = 0; i < results.size(); ++i)
        EXPECT_EQ(results[i].get(),
                  "300000\n" + std::string(100000, 'x') + "\n" + std::to_string(i) + "\n");
}

TEST_F(SshSession, MegabytesArriveWholeAlsoWhileKeysAreRenewed)
{
    SshServer server("RekeyLimit 2M\n");
    const auto session = server.connect();
    const auto command =
        session->start("head -c 40000000 /dev/zero | tr '\\0' x; echo end", {}, deadline_in(10s));
    const std::string text = all_of(*command);
    EXPECT_EQ(text.size(), 40000004U);
    EXPECT_EQ(text.substr(39999999), "xend\n");
    EXPECT_TRUE(command->wait(deadline_in(10s)).ok());
}

TEST_F(SshSession, MegabytesOfInputArriveWhole)
{
    SshServer server("RekeyLimit 2M\n");
    const auto session = server.connect();
    const auto result =
        transport::run_ssh(*session, "cksum", {.input = std::string(20'000'000, 'y')});
    EXPECT_EQ(result.out, "1614387921 20000000\n");
}

TEST_F(SshSession, AStalledReaderStopsTheServerAndNobodyElse)
{
    SshServer server;
    const auto session = server.connect();
    const auto stalled = session->start("yes 0123456789", {}, deadline_in(10s));
    std::this_thread::sleep_for(500ms);
    const auto other =
        transport::run_ssh(*session, "echo fine; ps -o rss= -p " + std::to_string(::getpid()), {});
    EXPECT_EQ(other.out.substr(0, 5), "fine\n");
    EXPECT_LT(std::stoul(other.out.substr(5)), 200'000U); // KiB
    std::array<std::byte, 11> part{};
    for (int i = 0; i < 300'000; ++i) { // small reads never open the window too far
        ASSERT_GT(stalled->read_stdout(part, deadline_in(10s)), 0U);
    }
}

TEST_F(SshSession, WaitsEndAtTheDeadlineAndOnStop)
{
    SshServer server;
    const auto session = server.connect();
    std::stop_source stop;
    SshCommandOptions options;
    options.stop = stop.get_token();
    const auto command = session->start("sleep 60", options, deadline_in(10s));
    std::array<std::byte, 10> part{};
    EXPECT_EQ(code_of([&] { command->read_stdout(part, deadline_in(50ms)); }), Errc::timeout);
    EXPECT_EQ(code_of([&] { command->wait(deadline_in(50ms)); }), Errc::timeout);
    const std::jthread stopper([&] {
        std::this_thread::sleep_for(50ms);
        stop.request_stop();
    });
    EXPECT_EQ(code_of([&] { command->wait(transport::no_deadline); }), Errc::interrupted);
    EXPECT_TRUE(session->alive());
}

TEST_F(SshSession, ARemoteProcessSeesTheEndOfItsInputWhenTheCommandIsDropped)
{
    SshServer server;
    const auto session = server.connect();
    auto command = session->start(
        "echo; cat >/dev/null; touch " + text::shell_word(server.at("gone")), {}, deadline_in(10s));
    std::array<std::byte, 10> part{};
    command->read_stdout(part, deadline_in(10s));
    command.reset();
    for (int i = 0; i < 100 && ::access(server.at("gone").c_str(), F_OK) != 0; ++i)
        std::this_thread::sleep_for(20ms);
    EXPECT_EQ(::access(server.at("gone").c_str(), F_OK), 0);
}

TEST_F(SshSession, AKilledServerBreaksEveryWait)
{
    SshServer server;
    const auto session = server.connect();
    const auto command = session->start("sleep 60", {}, deadline_in(10s));
    std::this_thread::sleep_for(100ms);
    server.stop();
    EXPECT_EQ(code_of([&] { command->wait(deadline_in(10s)); }), Errc::unreachable);
    EXPECT_FALSE(session->alive());
    EXPECT_EQ(code_of([&] { session->start("true", {}, deadline_in(1s)); }), Errc::unreachable);
}

TEST_F(SshSession, AServerThatFallsSilentIsGivenUp)
{
    SshServer server;
    const auto session =
        server.connect("Host *\n  ServerAliveInterval 1\n  ServerAliveCountMax 1\n");
    std::this_thread::sleep_for(3s); // it answers, so it stays
    EXPECT_TRUE(session->alive());
    const auto command = session->start("sleep 60", {}, deadline_in(10s));
    test::signal_tree(server.pid(), SIGSTOP);
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(code_of([&] { command->wait(deadline_in(20s)); }), Errc::unreachable);
    EXPECT_LT(std::chrono::steady_clock::now() - before, 6s);
    test::signal_tree(server.pid(), SIGCONT);
}

TEST_F(SshSession, TheSessionMayGoBeforeItsCommands)
{
    SshServer server;
    auto session = server.connect();
    const auto command = session->start("sleep 60", {}, deadline_in(10s));
    session.reset();
    EXPECT_EQ(code_of([&] { command->wait(deadline_in(10s)); }), Errc::unreachable);
}

TEST_F(SshSession, TcpAndUnixSocketsAreForwarded)
{
    SshServer server;
    const auto session = server.connect();
    const auto to_itself = session->forward_tcp("127.0.0.1", server.port(), deadline_in(10s), {});
    std::array<std::byte, 8> head{};
    ASSERT_GT(to_itself->read(head, deadline_in(10s)), 0U);
    EXPECT_EQ(static_cast<char>(head[0]), 'S'); // SSH-2.0-OpenSSH…
    EXPECT_EQ(code_of([&] { session->forward_tcp("127.0.0.1", 1, deadline_in(10s), {}); }),
              Errc::unreachable);
    EXPECT_EQ(code_of([&] { session->forward_unix("/nowhere", deadline_in(10s), {}); }),
              Errc::unreachable);
}

TEST_F(SshSession, ShellNoiseIsDropped)
{
    SshServer server;
    test::write_file(server.at("home/.bashrc"), "echo noise; echo more >&2; printf x-%s y\n");
    const auto session = server.connect();
    transport::SshCommandOptions raw;
    raw.skip_noise = false;
    const auto noisy = session->start("echo out", raw, deadline_in(10s));
    if (all_of(*noisy) == "out\n")
        GTEST_SKIP() << "the login shell here reads no .bashrc";
    const auto result = transport::run_ssh(*session, "echo out; echo err >&2", {});
    EXPECT_EQ(result.out, "out\n");
    EXPECT_EQ(result.err, "err\n");
}

TEST_F(SshSession, ALoginThatRunsNothingIsToldWithItsWords)
{
    SshServer server;
    test::write_file(server.at("authorized_keys"), "command=\"echo This account is closed\" " +
                                                       test::read_file(server.at("user_key.pub")));
    const auto session = server.connect();
    try {
        transport::run_ssh(*session, "echo out", {});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Errc::failed);
        EXPECT_NE(std::string(error.what()).find("This account is closed"), std::string::npos);
    }
}

TEST_F(SshSession, ATerminalGivesOneStream)
{
    SshServer server;
    const auto session = server.connect();
    SshCommandOptions options;
    options.terminal = true;
    const auto command = session->start("tty >&2 && echo yes", options, deadline_in(10s));
    EXPECT_NE(all_of(*command).find("yes\r\n"), std::string::npos);
}
