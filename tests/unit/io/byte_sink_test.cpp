// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/bytes.hpp"
#include "support/scratch.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/io/byte_sink.hpp>

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace xenlab::io::test {
namespace {

using namespace xenlab::test;

struct Pipe {
    Pipe()
    {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        out = Fd(ends[0]);
        in = Fd(ends[1]);
    }
    std::string get() const
    {
        Bytes buffer(100000);
        const ssize_t n = ::read(out.get(), buffer.data(), buffer.size());
        return text_of(std::span(buffer).first(static_cast<std::size_t>(std::max<ssize_t>(0, n))));
    }
    Fd out, in;
};

TEST(FdSink, BuffersUntilFlushed)
{
    const Pipe pipe;
    FdSink sink(pipe.in.get(), "pipe", 10);
    sink.write("abc");
    sink.write("def");
    ASSERT_EQ(::fcntl(pipe.out.get(), F_SETFL, O_NONBLOCK), 0);
    EXPECT_EQ(pipe.get(), "");
    sink.flush();
    EXPECT_EQ(pipe.get(), "abcdef");
    sink.write("12345678");
    sink.write("90ab");
    EXPECT_EQ(pipe.get(), "12345678");
    sink.write(noise(1000));
    EXPECT_EQ(pipe.get(), "90ab" + noise(1000))
        << "what is larger than the buffer goes past it, in order";
    sink.write("end");
    sink.finish();
    EXPECT_EQ(pipe.get(), "end");
    sink.finish();
    EXPECT_EQ(pipe.get(), "");
}

TEST(FdSink, FullDiskIsAnError)
{
    const Fd full = open_file("/dev/full", O_WRONLY);
    FdSink sink(full.get(), "standard output");
    sink.write("text");
    try {
        sink.finish();
        FAIL();
    } catch (const Error& e) {
        EXPECT_STREQ(e.what(), "standard output: No space left on device");
        EXPECT_EQ(e.code(), Errc::failed);
    }
    EXPECT_NO_THROW(sink.flush()) << "said once";
}

TEST(FdSink, ReaderThatHasGone)
{
    std::signal(SIGPIPE, SIG_IGN);
    Pipe pipe;
    pipe.out.reset();
    FdSink sink(pipe.in.get(), "standard output");
    sink.write("text");
    EXPECT_THROW(sink.flush(), BrokenPipe);
}

TEST(FdSink, WaitsForASlowReaderOfANonBlockingPipe)
{
    Pipe pipe;
    ASSERT_EQ(::fcntl(pipe.in.get(), F_SETFL, O_NONBLOCK), 0);
    const std::string data = noise(300000);
    std::string seen;
    std::jthread reader([&] {
        while (seen.size() < data.size())
            seen += pipe.get();
    });
    FdSink sink(pipe.in.get(), "pipe");
    sink.write(data);
    sink.finish();
    reader.join();
    EXPECT_EQ(seen, data);
}

TEST(FileSink, AppearsWhenFinished)
{
    const Scratch scratch;
    FileSink sink(scratch / "out");
    sink.write("hello ");
    sink.write("world");
    sink.flush();
    EXPECT_FALSE(scratch.has("out"));
    EXPECT_TRUE(scratch.has("out.part"));
    sink.finish();
    EXPECT_EQ(scratch.get("out"), "hello world");
    EXPECT_EQ(scratch.files(), 1U);
}

TEST(FileSink, LeavesNothingWhenGivenUp)
{
    const Scratch scratch;
    {
        FileSink sink(scratch / "out");
        sink.write(noise(100000));
    }
    EXPECT_EQ(scratch.files(), 0U);
}

TEST(FileSink, ReplacesAFileOnlyWhenFinished)
{
    const Scratch scratch;
    scratch.put("out", "old");
    {
        FileSink sink(scratch / "out");
        sink.write(noise(100000));
        EXPECT_EQ(scratch.get("out"), "old");
    }
    EXPECT_EQ(scratch.get("out"), "old");
    FileSink sink(scratch / "out");
    sink.write("new");
    EXPECT_EQ(scratch.get("out"), "old");
    sink.finish();
    EXPECT_EQ(scratch.get("out"), "new");
    EXPECT_EQ(scratch.files(), 1U);
}

TEST(FileSink, ReplacesWhatASymbolicLinkPointsTo)
{
    const Scratch scratch;
    scratch.put("target", "old");
    std::filesystem::create_symlink("target", scratch / "link");
    {
        FileSink sink(scratch / "link");
        sink.write("lost");
        sink.flush();
    }
    EXPECT_EQ(scratch.get("target"), "old");
    FileSink sink(scratch / "link");
    sink.write("new");
    sink.finish();
    EXPECT_EQ(scratch.get("target"), "new");
    EXPECT_TRUE(std::filesystem::is_symlink(scratch / "link"));
    EXPECT_EQ(scratch.files(), 2U);
}

TEST(FileSink, DoesNotFollowALinkPutInPlaceOfItsPart)
{
    const Scratch scratch;
    scratch.put("victim", "precious");
    std::filesystem::create_symlink("victim", scratch / "out.part");
    EXPECT_THROW(FileSink(scratch / "out"), Error);
    EXPECT_EQ(scratch.get("victim"), "precious");
}

TEST(FileSink, WritesToDevicesAndPipesAsTheyAre)
{
    FileSink null("/dev/null");
    null.write("text");
    null.finish();
    EXPECT_FALSE(std::filesystem::exists("/dev/null.part"));
    const Scratch scratch;
    ASSERT_EQ(::mkfifo((scratch / "fifo").c_str(), 0600), 0);
    std::string seen;
    std::jthread reader([&] { seen = scratch.get("fifo"); });
    {
        FileSink sink(scratch / "fifo");
        sink.write("through the pipe");
        sink.finish();
    }
    reader.join();
    EXPECT_EQ(seen, "through the pipe");
    EXPECT_EQ(scratch.files(), 1U);
}

TEST(FileSink, FullDeviceIsAnError)
{
    FileSink sink("/dev/full");
    sink.write("text");
    EXPECT_THROW(sink.finish(), Error);
}

TEST(FileSink, PlacesThatDoNotExist)
{
    const Scratch scratch;
    try {
        FileSink sink(scratch / "no/such/file");
        FAIL();
    } catch (const Error& e) {
        EXPECT_EQ(e.code(), Errc::not_found);
    }
    EXPECT_THROW(FileSink(scratch / ""), Error) << "a directory";
    EXPECT_EQ(scratch.files(), 0U);
}

TEST(StringSink, KeepsText)
{
    StringSink sink;
    sink.write("abc");
    sink.write(std::string_view("\0\xff", 2));
    EXPECT_EQ(sink.text(), std::string("abc\0\xff", 5));
}

} // namespace
} // namespace xenlab::io::test
