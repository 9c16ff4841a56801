// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/bytes.hpp"
#include "support/scratch.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/io/fd.hpp>
#include <xenlab/io/file_source.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

namespace xenlab::io::test {
namespace {

using namespace xenlab::test;
using namespace std::chrono_literals;

bool is_open(int fd)
{
    return ::fcntl(fd, F_GETFD) >= 0;
}

struct Ends {
    Ends()
    {
        std::array<int, 2> fds{};
        EXPECT_EQ(::pipe2(fds.data(), O_CLOEXEC), 0);
        reading = Fd(fds[0]);
        writing = Fd(fds[1]);
    }
    Fd reading, writing;
};

TEST(Fd, ClosesOnce)
{
    Fd a = open_file("/dev/null", O_RDONLY);
    const int number = a.get();
    EXPECT_TRUE(a);
    EXPECT_EQ(::fcntl(number, F_GETFD), FD_CLOEXEC);
    Fd b = std::move(a);
    EXPECT_FALSE(a); // NOLINT: moved from is empty
    EXPECT_TRUE(is_open(number));
    Fd& alias = b;
    b = std::move(alias);
    EXPECT_TRUE(is_open(number));
    b = Fd();
    EXPECT_FALSE(is_open(number));
    b.reset();
}

TEST(OpenFile, SaysWhatIsWrong)
{
    const Scratch scratch;
    try {
        open_file(scratch / "none", O_RDONLY);
        FAIL();
    } catch (const Error& e) {
        EXPECT_EQ(e.code(), Errc::not_found);
        EXPECT_EQ(std::string(e.what()), scratch / "none" + ": No such file or directory");
    }
}

TEST(PreadFull, ReadsUpToTheEnd)
{
    const Scratch scratch;
    const Fd fd = open_file(scratch.put("f", "0123456789"), O_RDONLY);
    Bytes buffer(4);
    EXPECT_EQ(pread_full(fd.get(), 3, buffer, "f"), 4U);
    EXPECT_EQ(text_of(buffer), "3456");
    EXPECT_EQ(pread_full(fd.get(), 8, buffer, "f"), 2U);
    EXPECT_EQ(pread_full(fd.get(), 100, buffer, "f"), 0U);
    EXPECT_THROW(pread_full(-1, 0, buffer, "f"), Error);
}

TEST(WaitReadable, EndsWhenThereIsDataOrAnEnd)
{
    Ends pipe;
    const std::stop_source stop;
    write_all(pipe.writing.get(), view("x"), "pipe");
    wait_readable(pipe.reading.get(), stop.get_token());
    std::byte one{};
    EXPECT_EQ(::read(pipe.reading.get(), &one, 1), 1);
    std::jthread later([&] {
        std::this_thread::sleep_for(20ms);
        pipe.writing.reset();
    });
    wait_readable(pipe.reading.get(), stop.get_token());
    EXPECT_EQ(::read(pipe.reading.get(), &one, 1), 0);
}

TEST(WaitReadable, EndsWhenStopped)
{
    const Ends pipe;
    for (int turn = 0; turn < 20; ++turn) {
        std::stop_source stop;
        std::jthread later([&] {
            std::this_thread::sleep_for(turn * 100us);
            stop.request_stop();
        });
        try {
            wait_readable(pipe.reading.get(), stop.get_token());
            FAIL();
        } catch (const Error& e) {
            EXPECT_EQ(e.code(), Errc::interrupted);
        }
    }
    std::stop_source stopped;
    stopped.request_stop();
    write_all(pipe.writing.get(), view("x"), "pipe");
    EXPECT_THROW(wait_readable(pipe.reading.get(), stopped.get_token()), Error)
        << "a writer that never pauses must not keep us from stopping";
}

TEST(FdSource, StopsWhileItWaitsForAPipe)
{
    Ends pipe;
    std::stop_source stop;
    FdSource source(std::move(pipe.reading), "pipe", stop.get_token());
    std::jthread later([&] {
        std::this_thread::sleep_for(20ms);
        stop.request_stop();
    });
    Bytes buffer(10);
    try {
        source.read(buffer);
        FAIL();
    } catch (const Error& e) {
        EXPECT_EQ(e.code(), Errc::interrupted);
    }
}

TEST(FdSource, StopsInTheMiddleOfAFile)
{
    const Scratch scratch;
    std::stop_source stop;
    const auto source = open_source(scratch.put("f", noise(10000)), stop.get_token());
    Bytes buffer(10);
    EXPECT_EQ(source->read(buffer), 10U);
    stop.request_stop();
    EXPECT_THROW(source->read(buffer), Error);
}

TEST(FdSource, EmptyReadDoesNotWait)
{
    Ends pipe;
    FdSource source(std::move(pipe.reading), "pipe", {});
    EXPECT_EQ(source.read({}), 0U);
}

TEST(FdSource, StartsWhereTheFileStands)
{
    const Scratch scratch;
    Fd fd = open_file(scratch.put("f", "0123456789"), O_RDONLY);
    ASSERT_EQ(::lseek(fd.get(), 4, SEEK_SET), 4);
    FdSource source(std::move(fd), "f", {});
    EXPECT_TRUE(source.can_seek());
    EXPECT_EQ(source.total(), 6U);
    EXPECT_EQ(source.skip(2), 2U);
    EXPECT_EQ(source.position(), 2U);
    Bytes buffer(10);
    EXPECT_EQ(source.read(buffer), 4U);
}

TEST(FdSource, FileThatShrinksWhileItIsRead)
{
    const Scratch scratch;
    const std::string path = scratch.put("f", noise(10000));
    const auto source = open_source(path, {});
    std::filesystem::resize_file(path, 100);
    EXPECT_EQ(source->skip(5000), 5000U) << "learned from the next read only";
    Bytes buffer(10);
    EXPECT_EQ(source->read(buffer), 0U);
}

TEST(OpenSource, RefusesDirectories)
{
    const Scratch scratch;
    try {
        open_source(scratch / "", {});
        FAIL();
    } catch (const Error& e) {
        EXPECT_NE(std::string_view(e.what()).find("Is a directory"), std::string_view::npos);
    }
    EXPECT_THROW(open_source(scratch / "none", {}), Error);
}

} // namespace
} // namespace xenlab::io::test
