// SPDX-License-Identifier: GPL-3.0-or-later
// Copies of disks into raw files and pipes.
#include "support.hpp"

#include <xenlab/block/raw_image.hpp>
#include <xenlab/block/raw_writer.hpp>

#include <csignal>

#include <sys/resource.h>

namespace xenlab::block::test {
namespace {

constexpr std::size_t kib = 1 << 10;

/// Data and zeros in pieces of every length.
Bytes patchwork(unsigned seed, std::size_t size)
{
    std::mt19937_64 random(seed);
    Bytes disk(size);
    for (std::size_t at = 0; at < size;) {
        const std::size_t n =
            std::min<std::size_t>(size - at, 1 + random() % (random() % 3 == 0 ? 3000 : 200'000));
        if (random() % 2 == 0) {
            const Bytes some = random_bytes(random, n);
            std::copy(some.begin(), some.end(), disk.begin() + static_cast<std::ptrdiff_t>(at));
        }
        at += n;
    }
    return disk;
}

std::uint64_t allocated(const std::string& path)
{
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0);
    return static_cast<std::uint64_t>(info.st_blocks) * 512;
}

TEST(IsZero, SeesEveryByte)
{
    for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 31U, 32U, 33U, 4096U, 4099U}) {
        Bytes data(size);
        EXPECT_TRUE(is_zero(data)) << size;
        for (std::size_t i = 0; i < size; ++i) {
            data[i] = std::byte{0x80};
            EXPECT_FALSE(is_zero(data)) << i << " of " << size;
            data[i] = std::byte{0};
        }
    }
}

TEST(SparseCopy, IsTheSameInAFile)
{
    const Scratch scratch;
    for (unsigned seed = 0; seed < 4; ++seed) {
        MemoryDisk disk(patchwork(seed, 5'000'000 + seed));
        const std::string path = scratch.file("raw copy");
        io::OutputFile file(path);
        RawWriter writer(file);
        std::uint64_t last = 0;
        sparse_copy(disk, writer, {.progress = [&](std::uint64_t done) {
                        EXPECT_GE(done, last);
                        last = done;
                    }});
        EXPECT_EQ(last, disk.size());
        EXPECT_FALSE(std::filesystem::exists(path) && seed == 0) << "before finish()";
        writer.finish();
        EXPECT_TRUE(file_bytes(path) == disk.data);
    }
}

TEST(SparseCopy, LeavesHoles)
{
    const Scratch scratch;
    Bytes disk(8 << 20);
    disk[3 << 20] = std::byte{1};
    MemoryDisk source(disk);
    io::OutputFile file(scratch.file("raw"));
    RawWriter writer(file);
    sparse_copy(source, writer);
    writer.skip(1 << 30); // a hole at the end
    writer.finish();
    disk.resize(disk.size() + (1 << 20));
    EXPECT_EQ(std::filesystem::file_size(scratch.file("raw")), (8U << 20) + (1U << 30));
    EXPECT_LE(allocated(scratch.file("raw")), 64 * kib);
    RawImage image(scratch.file("raw"));
    Bytes front(disk.size());
    image.read(0, front);
    EXPECT_TRUE(front == disk);
    EXPECT_TRUE(image.extents(0, 1 << 20).front().hole);
}

TEST(SparseCopy, DoesNotReadHoles)
{
    const Scratch scratch;
    { // larger than what could be read in the time of a test
        io::OutputFile file(scratch.file("source"));
        RawWriter writer(file);
        writer.skip(std::uint64_t{3} << 40U);
        writer.write(Bytes(100, std::byte{5}));
        writer.finish();
    }
    RawImage source(scratch.file("source"));
    io::OutputFile file(scratch.file("target"));
    RawWriter writer(file);
    sparse_copy(source, writer);
    writer.finish();
    EXPECT_EQ(std::filesystem::file_size(scratch.file("target")), (std::uint64_t{3} << 40U) + 100);
    EXPECT_LE(allocated(scratch.file("target")), 64 * kib);
}

TEST(RawWriter, WritesZerosIntoAPipe)
{
    MemoryDisk disk(patchwork(9, 1'000'003));
    io::StringSink sink;
    RawWriter writer(sink);
    sparse_copy(disk, writer);
    writer.skip(100'000);
    writer.finish();
    Bytes expected = disk.data;
    expected.resize(expected.size() + 100'000);
    EXPECT_TRUE(raw(sink.text()) == expected);
}

TEST(RawWriter, WritesZerosToWhatIsNoFile)
{
    const Scratch scratch;
    ASSERT_EQ(::mkfifo(scratch.file("fifo").c_str(), 0600), 0);
    ASSERT_EQ(shell("cat " + quoted(scratch.file("fifo")) + " > " + quoted(scratch.file("out")) +
                    " & true")
                  .status,
              0);
    MemoryDisk disk(patchwork(10, 300'000));
    {
        io::OutputFile file(scratch.file("fifo"));
        EXPECT_FALSE(file.sparse());
        RawWriter writer(file);
        sparse_copy(disk, writer);
        writer.skip(1000);
        writer.finish();
    }
    Bytes expected = disk.data;
    expected.resize(expected.size() + 1000);
    for (int i = 0; i < 200 && std::filesystem::file_size(scratch.file("out")) < expected.size();
         ++i)
        ::usleep(10'000);
    EXPECT_TRUE(file_bytes(scratch.file("out")) == expected);
}

TEST(RawWriter, FullDeviceIsAnError)
{
    io::OutputFile file("/dev/full");
    RawWriter writer(file);
    EXPECT_ERROR(writer.write(Bytes(100, std::byte{1})), failed, "/dev/full: No space left");
}

// A full file system is not to be had without root; a limit on the file's size fails the same call.
TEST(RawWriter, GivenUpItLeavesNothing)
{
    const Scratch scratch;
    const auto fails_in_the_middle = [&] {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{.rlim_cur = 300'000, .rlim_max = 300'000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        try {
            io::OutputFile file(scratch.file("raw"));
            RawWriter writer(file);
            MemoryDisk disk(patchwork(11, 2'000'000));
            sparse_copy(disk, writer);
            writer.finish();
        } catch (const Error& error) {
            const bool clean = std::filesystem::is_empty(scratch.file(""));
            std::_Exit(
                std::string(error.what()).find("File too large") != std::string::npos && clean ? 7
                                                                                               : 1);
        }
        std::_Exit(2);
    };
    EXPECT_EXIT(fails_in_the_middle(), testing::ExitedWithCode(7), "");
}

TEST(SparseCopy, Stops)
{
    const Scratch scratch;
    MemoryDisk disk(patchwork(12, 3'000'000));
    io::StringSink sink;
    RawWriter writer(sink);
    std::stop_source stop;
    EXPECT_ERROR(sparse_copy(disk, writer,
                             {.stop = stop.get_token(),
                              .progress = [&](std::uint64_t) { stop.request_stop(); }}),
                 interrupted, "interrupted");
    EXPECT_LT(sink.text().size(), 3'000'000U);
}

} // namespace
} // namespace xenlab::block::test
