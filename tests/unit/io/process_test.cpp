// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/scratch.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/io/fd.hpp>
#include <xenlab/io/process.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace xenlab::io::test {
namespace {

using xenlab::test::Scratch;

/// What the shell text prints.
std::string printed(const std::string& text, ProcessOptions options = {})
{
    const Scratch scratch;
    const std::string path = scratch / "out";
    {
        const Fd out = open_file(path, O_WRONLY | O_CREAT);
        options.out = out.get();
        EXPECT_EQ(wait_for_process(start_shell(text, options)), 0);
    }
    std::ifstream stream(path);
    return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(Process, TheStatusIsWaitpids)
{
    const int exited = wait_for_process(start_shell("exit 7", {}));
    EXPECT_TRUE(WIFEXITED(exited));
    EXPECT_EQ(WEXITSTATUS(exited), 7);
    EXPECT_TRUE(WIFSIGNALED(wait_for_process(start_shell("kill -TERM $$", {}))));
}

TEST(Process, WordsArriveAsTheyAre)
{
    const Scratch scratch;
    const Fd out = open_file(scratch / "out", O_RDWR | O_CREAT);
    EXPECT_EQ(wait_for_process(start_process("printf", {"printf", "<%s>", "a b", "", "$HOME;id"},
                                             {.out = out.get()})),
              0);
    std::ifstream stream(scratch / "out");
    std::string text;
    std::getline(stream, text);
    EXPECT_EQ(text, "<a b><><$HOME;id>");
}

TEST(Process, NothingIsReadAndNothingIsShown)
{
    EXPECT_EQ(printed("wc -c; echo hidden >&2",
                      {.in = ProcessOptions::nothing, .err = ProcessOptions::nothing}),
              "0\n");
}

TEST(Process, OurDescriptorsAreNotItsOwn)
{
    const Fd secret = open_file("/etc/passwd", O_RDONLY);
    EXPECT_EQ(printed("[ -e /proc/self/fd/" + std::to_string(secret.get()) + " ] || echo closed"),
              "closed\n");
}

TEST(Process, SignalsThatWeBlockReachIt)
{
    sigset_t term;
    sigset_t before;
    ::sigemptyset(&term);
    ::sigaddset(&term, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &term, &before);
    const int status = wait_for_process(start_shell("kill -TERM $$; exit 0", {}));
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    EXPECT_TRUE(WIFSIGNALED(status));
}

TEST(Process, ABrokenPipeEndsIt)
{
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    const int status = wait_for_process(start_shell("kill -PIPE $$; exit 0", {}));
    std::signal(SIGPIPE, before);
    EXPECT_TRUE(WIFSIGNALED(status));
}

TEST(Process, GroupsAndSessions)
{
    const std::string same_group = "[ $(ps -o pgid= $$) = $$ ] && echo own || echo ours";
    const std::string same_session = "[ $(ps -o sid= $$) = $$ ] && echo own || echo ours";
    using Group = ProcessOptions::Group;
    EXPECT_EQ(printed(same_group), "ours\n");
    EXPECT_EQ(printed(same_group, {.group = Group::own}), "own\n");
    EXPECT_EQ(printed(same_session, {.group = Group::own}), "ours\n");
    EXPECT_EQ(printed(same_session, {.group = Group::session}), "own\n");
}

TEST(Process, AMissingProgramIsNamed)
{
    try {
        start_process("no-such-program", {"no-such-program"}, {});
        FAIL();
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(), "no-such-program: No such file or directory");
    }
}

} // namespace
} // namespace xenlab::io::test
