// SPDX-License-Identifier: GPL-3.0-or-later
// kill -9 at every step of an edit in place, and at every step of undoing it.
#include "support.hpp"

#include <xenlab/block/undo_log.hpp>

#include <chrono>
#include <csignal>
#include <memory>
#include <thread>

#include <sys/wait.h>

namespace xenlab::block::test {
namespace {

constexpr std::size_t disk_size = 400'000;

/// Runs in a child; true when it ended by itself.
bool survives(const std::function<void()>& code)
{
    const pid_t child = ::fork();
    if (child == 0) {
        try {
            code();
        } catch (...) {
            std::_Exit(1);
        }
        std::_Exit(0);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFEXITED(status);
}

/// Kills its own process before step number `last`.
UndoOptions deadly(int last)
{
    return {
        .step = [last, n = std::make_shared<int>(0)](std::string_view) { // copies count together
            if ((*n)++ == last)
                ::kill(::getpid(), SIGKILL);
        }};
}

class UndoKill : public testing::Test {
  protected:
    UndoKill()
        : random(41), before(random_bytes(random, disk_size)), path(scratch.file("a disk.raw"))
    {
        std::fill_n(before.begin() + 50'000, 100'000, std::byte{0});
        put_file(path, before);
    }

    /// Many small writes, some over zeros, some over the end.
    static void edit(const std::string& path, const UndoOptions& options)
    {
        InPlaceEdit edit(path, options);
        edit.announce(std::vector<Extent>{{.offset = 10'000, .length = 100'000},
                                          {.offset = 390'000, .length = 1'000'000}});
        for (std::uint64_t at = 10'000; at < 110'000; at += 10'000)
            edit.write(at, Bytes(10'000, static_cast<std::byte>(at / 1000)));
        edit.write(399'000, Bytes(5000, std::byte{0x55}));
        edit.write(404'000, Bytes(5000, std::byte{0x66}));
        edit.commit();
    }

    Bytes edited()
    {
        const std::string other = scratch.file("edited");
        put_file(other, before);
        edit(other, {});
        Bytes data = file_bytes(other);
        std::filesystem::remove(other);
        return data;
    }

    /// After a kill: the old content, after undoing if there is something to undo; or all of the
    /// new one.
    void expect_whole(const Bytes& after)
    {
        const UndoState state = UndoLog::state(path);
        if (state != UndoState::complete) { // the edit has not begun, or has ended
            const Bytes now = file_bytes(path);
            EXPECT_TRUE(now == before || (state == UndoState::none && now == after));
        }
        if (state != UndoState::none) {
            UndoLog::apply(path);
            EXPECT_TRUE(file_bytes(path) == before);
        }
        const std::filesystem::directory_iterator files(scratch.file(""));
        EXPECT_EQ(std::distance(begin(files), end(files)), 1);
        put_file(path, before);
    }

    Scratch scratch;
    std::mt19937_64 random;
    Bytes before;
    std::string path;
};

TEST_F(UndoKill, AtEveryStepOfTheEdit)
{
    const Bytes after = edited();
    int step = 0;
    for (; !survives([&] { edit(path, deadly(step)); }); ++step) {
        SCOPED_TRACE(step);
        expect_whole(after);
        ASSERT_LT(step, 1000);
    }
    EXPECT_TRUE(file_bytes(path) == after);
    EXPECT_GT(step, 20);
}

TEST_F(UndoKill, AtEveryStepOfTheUndo)
{
    int step = 0;
    for (bool survived = false; !survived; ++step) {
        SCOPED_TRACE(step);
        EXPECT_FALSE(survives([&] { // an edit cut off when all is written
            edit(path, {.step = [](std::string_view name) {
                     if (name == "log: remove")
                         ::kill(::getpid(), SIGKILL);
                 }});
        }));
        survived = survives([&] { UndoLog::apply(path, deadly(step)); });
        if (UndoLog::state(path) == UndoState::complete) {
            // killed again and again, it gets through in the end
            EXPECT_FALSE(survives([&] { UndoLog::apply(path, deadly(0)); }));
            UndoLog::apply(path);
        }
        EXPECT_TRUE(file_bytes(path) == before);
        EXPECT_EQ(UndoLog::state(path), UndoState::none);
        ASSERT_LT(step, 1000);
    }
    EXPECT_GT(step, 20);
}

TEST_F(UndoKill, AtEveryStepOfRollingBack)
{
    int step = 0;
    bool survived = false;
    for (; !survived; ++step) {
        SCOPED_TRACE(step);
        survived = survives([&] {
            InPlaceEdit edit(path, deadly(step));
            edit.announce(std::vector<Extent>{{.offset = 100, .length = 30'000}});
            edit.write(100, Bytes(30'000, std::byte{1}));
            edit.write(disk_size, Bytes(10));
        });
        if (UndoLog::state(path) != UndoState::none)
            UndoLog::apply(path);
        EXPECT_TRUE(file_bytes(path) == before);
        ASSERT_LT(step, 1000);
    }
    EXPECT_GT(step, 20);
}

TEST_F(UndoKill, AtAnyTime)
{
    const Bytes after = edited();
    for (int i = 0; i < 40; ++i) {
        SCOPED_TRACE(i);
        const pid_t child = ::fork();
        if (child == 0) {
            for (;;)
                edit(path, {}); // the same bytes each time, but for growth
        }
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));
        ::kill(child, SIGKILL);
        ASSERT_EQ(::waitpid(child, nullptr, 0), child);
        // The second edit of the child starts from what the first one left.
        const UndoState state = UndoLog::state(path);
        if (state != UndoState::none)
            UndoLog::apply(path);
        const Bytes now = file_bytes(path);
        EXPECT_TRUE(now == before || now == after);
        put_file(path, before);
    }
}

} // namespace
} // namespace xenlab::block::test
