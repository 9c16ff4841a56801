// SPDX-License-Identifier: GPL-3.0-or-later
// Edits in place that are committed, given up, cut off, refused.
#include "support.hpp"

#include <xenlab/block/overlay.hpp>
#include <xenlab/block/undo_format.hpp>
#include <xenlab/block/undo_log.hpp>

#include <csignal>

#include <sys/resource.h>
#include <sys/wait.h>

namespace xenlab::block::test {
namespace {

constexpr std::size_t disk_size = 3'000'123;

class InPlace : public testing::Test {
  protected:
    InPlace()
        : random(31), before(random_bytes(random, disk_size)), path(scratch.file("a disk.raw"))
    {
        std::fill_n(before.begin() + 1'000'000, 500'000, std::byte{0});
        put_file(path, before);
        after = before;
        for (const Extent& extent : extents())
            for (std::size_t i = 0; i < extent.length && extent.offset + i < disk_size; ++i)
                after[extent.offset + i] = static_cast<std::byte>(i * 7 + extent.offset);
    }

    static std::vector<Extent> extents()
    {
        return {{.offset = 2'999'000, .length = 1123}, // in no order, some of them neighbours
                {.offset = 0, .length = 512},
                {.offset = 512, .length = 4096},
                {.offset = 1'200'000, .length = 1'700'000}};
    }

    void make(InPlaceEdit& edit, std::size_t growth = 0)
    {
        edit.announce(extents());
        for (const Extent& extent : extents())
            edit.write(extent.offset, std::span(after).subspan(extent.offset, extent.length));
        if (growth > 0)
            edit.write(edit.size(), Bytes(growth, std::byte{0x77}));
    }

    bool only_the_disk_is_there() const
    {
        const std::filesystem::directory_iterator files(scratch.file(""));
        return std::distance(begin(files), end(files)) == 1;
    }

    /// Leaves the log of an edit that was cut off.
    void cut_off(std::size_t growth = 0)
    {
        const pid_t child = ::fork();
        if (child == 0) {
            InPlaceEdit edit(path);
            make(edit, growth);
            ::kill(::getpid(), SIGKILL);
        }
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status));
    }

    Scratch scratch;
    std::mt19937_64 random;
    Bytes before;
    Bytes after;
    std::string path;
};

TEST_F(InPlace, CommitsAsAWhole)
{
    std::vector<std::string> steps;
    InPlaceEdit edit(path, {.step = [&](std::string_view step) { steps.emplace_back(step); }});
    make(edit);
    EXPECT_EQ(UndoLog::state(path), UndoState::complete);
    edit.commit();
    EXPECT_TRUE(file_bytes(path) == after);
    EXPECT_TRUE(only_the_disk_is_there());

    // The log is safe before the target changes, and the target before the log goes.
    const auto at = [&](const std::string& name) {
        return std::find(steps.begin(), steps.end(), name);
    };
    EXPECT_LT(at("log: write"), at("log: sync"));
    EXPECT_LT(at("log: sync"), at("log: rename"));
    EXPECT_LT(at("log: rename"), at("log: sync the folder"));
    EXPECT_LT(at("log: sync the folder"), at("target: write"));
    EXPECT_LT(at("target: write"), at("target: sync"));
    EXPECT_LT(at("target: sync"), at("log: remove"));
    EXPECT_EQ(std::find(at("target: sync"), steps.end(), "target: write"), steps.end());
}

TEST_F(InPlace, GivenUpItRollsBack)
{
    for (const std::size_t growth : {0U, 700'000U}) {
        {
            InPlaceEdit edit(path);
            make(edit, growth);
            EXPECT_EQ(edit.size(), disk_size + growth);
        }
        EXPECT_TRUE(file_bytes(path) == before);
        EXPECT_TRUE(only_the_disk_is_there());
    }
    InPlaceEdit nothing(path); // without a log there is nothing to roll back
}

TEST_F(InPlace, GrowsTheFile)
{
    InPlaceEdit edit(path);
    make(edit, 700'000);
    EXPECT_ERROR(edit.write(edit.size() + 1, Bytes(1)), bad_data, "outside");
    edit.commit();
    after.resize(disk_size + 700'000, std::byte{0x77});
    EXPECT_TRUE(file_bytes(path) == after);
}

TEST_F(InPlace, TakesTheWritesOfAnOverlay)
{
    InPlaceEdit edit(path);
    Overlay overlay(edit);
    overlay.write(5000, Bytes(100, std::byte{1}));
    overlay.write(disk_size - 1, Bytes(1, std::byte{2}));
    edit.announce(overlay.dirty());
    overlay.commit_to(edit);
    edit.commit();
    std::fill_n(before.begin() + 5000, 100, std::byte{1});
    before.back() = std::byte{2};
    EXPECT_TRUE(file_bytes(path) == before);
}

TEST_F(InPlace, RefusesWhatWasNotAnnounced)
{
    InPlaceEdit edit(path);
    EXPECT_ERROR(edit.write(0, Bytes(1)), failed, "must announce");
    edit.announce(extents());
    for (const auto& [at, n] : std::vector<std::pair<std::uint64_t, std::size_t>>{
             {4608, 1}, {4607, 2}, {1'199'999, 5}, {2'900'000, 1}, {2'998'999, 2}})
        EXPECT_ERROR(edit.write(at, Bytes(n)), failed, "not announced");
    edit.write(500, Bytes(100));          // two neighbours
    edit.write(disk_size - 5, Bytes(10)); // over the end
    EXPECT_ERROR(edit.announce({}), failed, "once");
}

TEST_F(InPlace, LocksTheFile)
{
    InPlaceEdit edit(path);
    EXPECT_ERROR(InPlaceEdit{path}, precondition, "another process");
    EXPECT_ERROR(UndoLog::apply(path), precondition, "another process");
    make(edit);
    EXPECT_ERROR(InPlaceEdit{path}, precondition, "another process");
    EXPECT_ERROR(UndoLog::apply(path), precondition, "another process");
    edit.commit();
}

TEST_F(InPlace, FollowsALinkToTheFile)
{
    std::filesystem::create_symlink(path, scratch.file("link"));
    {
        InPlaceEdit edit(scratch.file("link"));
        make(edit);
        EXPECT_TRUE(std::filesystem::exists(path + ".undo"));
        edit.commit();
    }
    EXPECT_TRUE(file_bytes(path) == after);
}

TEST_F(InPlace, KeepsTheLogFromOthers)
{
    InPlaceEdit edit(path);
    make(edit);
    struct stat info {};
    ASSERT_EQ(::stat((path + ".undo").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U); // it holds what is in the disk
    EXPECT_LT(info.st_size, 1'550'000) << "zeros take no space";
}

TEST_F(InPlace, FullDiskLeavesTheFileUntouched)
{
    const auto edit_with_limit = [&] {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{.rlim_cur = 500'000, .rlim_max = 500'000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        try {
            InPlaceEdit edit(path);
            make(edit);
        } catch (const Error& error) {
            std::_Exit(std::string(error.what()).find("File too large") != std::string::npos ? 7
                                                                                             : 1);
        }
        std::_Exit(2);
    };
    EXPECT_EXIT(edit_with_limit(), testing::ExitedWithCode(7), "");
    EXPECT_TRUE(file_bytes(path) == before);
    EXPECT_TRUE(only_the_disk_is_there());
}

TEST_F(InPlace, NeedsAPlaceForTheLog)
{
    EXPECT_ERROR(InPlaceEdit(path, {.log_path = scratch.file("none/log")}).announce(extents()),
                 not_found, "none/log.part");
    EXPECT_TRUE(file_bytes(path) == before);
    InPlaceEdit edit(path, {.log_path = scratch.file("log elsewhere")});
    make(edit);
    EXPECT_TRUE(std::filesystem::exists(scratch.file("log elsewhere")));
}

// --- after a cut ---

TEST_F(InPlace, CutOffEditIsUndone)
{
    for (const std::size_t growth : {0U, 100'000U}) {
        cut_off(growth);
        EXPECT_FALSE(file_bytes(path) == before);
        EXPECT_ERROR(InPlaceEdit{path}, precondition, "an earlier edit was cut off");
        const UndoResult result = UndoLog::apply(path);
        EXPECT_EQ(result.found, UndoState::complete);
        EXPECT_GT(result.bytes_restored, 1'000'000U);
        EXPECT_TRUE(file_bytes(path) == before);
        EXPECT_TRUE(only_the_disk_is_there());
        EXPECT_ERROR(UndoLog::apply(path), not_found, "there is no undo log");
    }
}

TEST_F(InPlace, UnfinishedLogIsOnlyRemoved)
{
    put_file(path + ".undo.part", Bytes(100));
    EXPECT_EQ(UndoLog::state(path), UndoState::incomplete);
    EXPECT_EQ(UndoLog::apply(path).found, UndoState::incomplete);
    EXPECT_TRUE(file_bytes(path) == before);
    EXPECT_TRUE(only_the_disk_is_there());
    put_file(path + ".undo.part", Bytes(100)); // and is no obstacle
    InPlaceEdit edit(path);
    make(edit);
    edit.commit();
    EXPECT_TRUE(file_bytes(path) == after);
    EXPECT_TRUE(only_the_disk_is_there());
}

TEST_F(InPlace, LogOfAnotherFileIsRefused)
{
    cut_off();
    const std::string other = scratch.file("b.raw");
    put_file(other, after);
    std::filesystem::copy(path + ".undo", other + ".undo");
    EXPECT_ERROR(UndoLog::apply(other), precondition, "a disk.raw");
    EXPECT_TRUE(file_bytes(other) == after);
    std::filesystem::copy(
        path, other, std::filesystem::copy_options::overwrite_existing); // saved from a dying disk
    UndoLog::apply(other, {.moved = true});
    EXPECT_TRUE(file_bytes(other) == before);

    std::filesystem::rename(path, scratch.file("c.raw")); // the same inode
    std::filesystem::rename(path + ".undo", scratch.file("c.raw.undo"));
    UndoLog::apply(scratch.file("c.raw"));
    EXPECT_TRUE(file_bytes(scratch.file("c.raw")) == before);
}

TEST_F(InPlace, ShorterFileIsRefused)
{
    cut_off();
    std::filesystem::resize_file(path, disk_size - 1);
    EXPECT_ERROR(UndoLog::apply(path), precondition, "not the file");
    EXPECT_EQ(std::filesystem::file_size(path), disk_size - 1);
}

TEST_F(InPlace, DamagedLogChangesNothing)
{
    cut_off();
    const Bytes now = file_bytes(path);
    const Bytes log = file_bytes(path + ".undo");
    const auto expect_refused = [&](const Bytes& damaged) {
        put_file(path + ".undo", damaged);
        EXPECT_ERROR(UndoLog::apply(path), bad_data, "undo log");
    };
    for (int i = 0; i < 100; ++i) {
        Bytes damaged = log;
        damaged[i < 60 ? random() % 200 : random() % log.size()] ^=
            static_cast<std::byte>(1U << random() % 8);
        expect_refused(damaged);
    }
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{10}, std::size_t{60}, log.size() - 32, log.size() - 1})
        expect_refused(Bytes(log.begin(), log.begin() + static_cast<std::ptrdiff_t>(size)));
    Bytes longer = log;
    longer.push_back({});
    expect_refused(longer);
    EXPECT_TRUE(file_bytes(path) == now);
    put_file(path + ".undo", log);
    UndoLog::apply(path);
    EXPECT_TRUE(file_bytes(path) == before);
}

TEST(UndoFormat, NamesWhatIsWrong)
{
    Bytes log;
    const undo::Target target{.size = 1000, .device = 1, .inode = 2, .path = "/a"};
    const auto write = [&](bytes::View data) { log.insert(log.end(), data.begin(), data.end()); };
    const auto decoded = [&] {
        MemoryDisk file(log);
        undo::Decoder decoder(file);
        EXPECT_EQ(decoder.target(), target);
        std::vector<Extent> all;
        decoder.for_each([&](std::uint64_t offset, bytes::View old) {
            all.push_back({.offset = offset, .length = old.size()});
        });
        return all;
    };
    undo::Encoder empty(target, write);
    EXPECT_ERROR(decoded(), bad_data, "no seal");
    empty.seal();
    EXPECT_TRUE(decoded().empty());

    log.clear();
    undo::Encoder some(target, write);
    some.add(0, Bytes(100));
    some.add(100, Bytes(100)); // joins the zeros before it
    some.add(200, Bytes(300, std::byte{1}));
    some.add(900, Bytes(100));
    some.seal();
    EXPECT_EQ(decoded(), (std::vector<Extent>{{.offset = 0, .length = 200},
                                              {.offset = 200, .length = 300},
                                              {.offset = 900, .length = 100}}));

    log.clear();
    undo::Encoder backwards(target, write);
    backwards.add(200, Bytes(300, std::byte{1}));
    backwards.add(499, Bytes(1, std::byte{1}));
    backwards.seal();
    EXPECT_ERROR(decoded(), bad_data, "record 1 is out of place");

    log.clear();
    undo::Encoder beyond(target, write);
    beyond.add(999, Bytes(2, std::byte{1}));
    beyond.seal();
    EXPECT_ERROR(decoded(), bad_data, "record 0 is out of place");
    log[8] = std::byte{2};
    EXPECT_ERROR(decoded(), bad_data, "unknown version 2");
    log[0] = std::byte{0};
    EXPECT_ERROR(decoded(), bad_data, "not an undo log");
}

} // namespace
} // namespace xenlab::block::test
