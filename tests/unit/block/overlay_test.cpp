// SPDX-License-Identifier: GPL-3.0-or-later
// Copy-on-write, in memory and in the file that it spills into, against the same writes on plain
// bytes.
#include "support.hpp"

#include <xenlab/block/overlay.hpp>
#include <xenlab/block/raw_image.hpp>

#include <csignal>

#include <sys/resource.h>

namespace xenlab::block::test {
namespace {

void write_at_random(std::mt19937_64& random, Overlay& overlay, Bytes& expected, int writes)
{
    for (int i = 0; i < writes; ++i) {
        const std::size_t at = random() % expected.size();
        const std::size_t n =
            std::min<std::size_t>(expected.size() - at, random() % (i % 5 == 0 ? 100'000 : 600));
        const Bytes data = random_bytes(random, n);
        overlay.write(at, data);
        std::copy(data.begin(), data.end(), expected.begin() + static_cast<std::ptrdiff_t>(at));
    }
}

TEST(Overlay, ShowsWhatWasWritten)
{
    for (const std::size_t page_size : {512U, 4096U, 65536U})
        for (const std::size_t limit : {0U, 100'000U, 1U << 30U}) {
            std::mt19937_64 random(page_size + limit);
            MemoryDisk base(random_bytes(random, 3'000'001));
            const Bytes before = base.data;
            Bytes expected = before;
            Overlay overlay(base, {.page_size = page_size, .memory_limit = limit});
            write_at_random(random, overlay, expected, 60);
            expect_same(overlay, expected, static_cast<unsigned>(page_size));
            EXPECT_TRUE(base.data == before);
            overlay.discard();
            expect_same(overlay, before);
            EXPECT_TRUE(overlay.dirty().empty());
            write_at_random(random, overlay, base.data, 5); // and on
            EXPECT_FALSE(overlay.dirty().empty());
        }
}

TEST(Overlay, ListsItsDirtyPages)
{
    MemoryDisk base(Bytes(100'000));
    Overlay overlay(base);
    overlay.write(4095, Bytes(2));
    overlay.write(50'000, {});
    overlay.write(99'999, Bytes(1));
    const std::vector<Extent> expected = {{.offset = 0, .length = 8192},
                                          {.offset = 98304, .length = 100'000 - 98304}};
    EXPECT_EQ(overlay.dirty(), expected);
    EXPECT_ERROR(overlay.write(99'999, Bytes(2)), bad_data, "outside");
    EXPECT_ERROR(overlay.read(100'000, std::span(base.data).first(1)), bad_data, "outside");
}

TEST(Overlay, CommitsOnlyWhatIsDirty)
{
    std::mt19937_64 random(21);
    MemoryDisk base(random_bytes(random, 2'000'000));
    MemoryDisk target(base.data);
    Bytes expected = base.data;
    Overlay overlay(base, {.memory_limit = 50'000});
    write_at_random(random, overlay, expected, 30);
    overlay.commit_to(target);
    EXPECT_EQ(target.flushes, 1);
    EXPECT_TRUE(target.data == expected);
    overlay.commit_to(target);
    EXPECT_TRUE(target.data == expected);

    target.writes_left = 1;
    EXPECT_ERROR(overlay.commit_to(target), failed, "no space");
    MemoryDisk other(Bytes(5));
    EXPECT_ERROR(overlay.commit_to(other), precondition, "another size");
}

TEST(Overlay, KeepsTheHolesOfItsBase)
{
    const Scratch scratch;
    put_file(scratch.file("raw"), {});
    std::filesystem::resize_file(scratch.file("raw"), 64 << 20);
    RawImage base(scratch.file("raw"));
    Overlay overlay(base);
    overlay.write(10 << 20, Bytes(10));
    const std::vector<Extent> expected = {
        {.offset = 0, .length = 10 << 20, .hole = true},
        {.offset = 10 << 20, .length = 4096, .hole = false},
        {.offset = (10 << 20) + 4096, .length = (54 << 20) - 4096, .hole = true}};
    EXPECT_EQ(overlay.extents(0, 64 << 20), expected);
    EXPECT_EQ(overlay.extents((10 << 20) + 5, 7),
              (std::vector<Extent>{{.offset = (10 << 20) + 5, .length = 7}}));
}

TEST(Overlay, LeavesNoFileBehind)
{
    const Scratch scratch;
    MemoryDisk base(Bytes(1 << 20));
    Overlay overlay(base, {.memory_limit = 0, .spill_directory = scratch.file("")});
    overlay.write(0, Bytes(1 << 20, std::byte{1}));
    EXPECT_TRUE(std::filesystem::is_empty(scratch.file("")));
    Overlay lost(base, {.memory_limit = 0, .spill_directory = scratch.file("gone")});
    EXPECT_ERROR(lost.write(0, Bytes(1)), not_found, "No such file");
    EXPECT_TRUE(lost.dirty().empty());
    Bytes byte(1);
    lost.read(0, byte);
    EXPECT_EQ(byte[0], std::byte{0});
}

TEST(Overlay, FullDiskLeavesWholePages)
{
    const auto write_too_much = [] {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{.rlim_cur = 100'000, .rlim_max = 100'000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        MemoryDisk base(Bytes(1 << 20));
        Overlay overlay(base, {.memory_limit = 8192});
        bool failed = false;
        try {
            overlay.write(0, Bytes(1 << 20, std::byte{1}));
        } catch (const Error& error) {
            failed = error.code() == Errc::failed;
        }
        const Bytes now = all_of(overlay);
        for (std::size_t at = 0; at < now.size(); at += 4096)
            failed = failed && std::all_of(now.begin() + static_cast<std::ptrdiff_t>(at),
                                           now.begin() + static_cast<std::ptrdiff_t>(at + 4096),
                                           [&](std::byte b) { return b == now[at]; });
        std::_Exit(failed && now.front() == std::byte{1} && now.back() == std::byte{0} ? 7 : 1);
    };
    EXPECT_EXIT(write_too_much(), testing::ExitedWithCode(7), "");
}

} // namespace
} // namespace xenlab::block::test
