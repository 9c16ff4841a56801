// SPDX-License-Identifier: GPL-3.0-or-later
// What the verifier says of good archives, and of those that end too early or too late.
#include "verify_case.hpp"

namespace xenlab::xva::test {
namespace {

TEST(Verify, GoodArchive)
{
    const Report report = check(good().end().bytes());
    EXPECT_EQ(lines(report), "");
    EXPECT_TRUE(report.ok());
    ASSERT_EQ(report.disks.size(), 2U);
    EXPECT_EQ(report.disks[0].disk.ref, "Ref:11");
    EXPECT_EQ(report.disks[0].chunks, 1U);
    EXPECT_EQ(report.disks[1].disk.ref, "Ref:2");
    EXPECT_EQ(report.disks[1].disk.vm, "web1");
    EXPECT_EQ(report.disks[1].chunks, 3U);
    EXPECT_EQ(report.disks[1].end, 3000U);
    EXPECT_EQ(report.archive_bytes, good().end().bytes().size());
    EXPECT_TRUE(report.refusals.empty());
}

TEST(Verify, HolesAndKeepAliveEntries)
{
    const std::string ova = OvaXml().disk("Ref:2", 6 * 512).text();
    // Chunks 0 and 5 of six; two keep-alive entries in the hole move the last number to 7.
    const std::string archive = Archive()
                                    .metadata(ova)
                                    .chunk("Ref:2", 0, noise(512))
                                    .chunk("Ref:2", 2, "")
                                    .chunk("Ref:2", 4, "")
                                    .chunk("Ref:2", 7, noise(512, 2))
                                    .end()
                                    .bytes();
    std::string events;
    VerifyEvents on;
    on.data = [&](std::size_t, std::uint64_t offset, std::span<const std::byte> data) {
        events += "data " + std::to_string(offset) + "+" + std::to_string(data.size()) + " ";
    };
    on.hole = [&](std::size_t, std::uint64_t offset, std::uint64_t length) {
        events += "hole " + std::to_string(offset) + "+" + std::to_string(length) + " ";
    };
    std::uint64_t progress = 0;
    on.progress = [&](std::uint64_t position) {
        EXPECT_GE(position, progress);
        progress = position;
    };
    const Report report = verify(std::make_unique<io::MemorySource>(view(archive)), {}, on);
    EXPECT_EQ(lines(report), "");
    EXPECT_EQ(events, "data 0+512 hole 512+512 hole 1024+512 hole 1536+1024 data 2560+512 ");
    EXPECT_EQ(progress, 6U * 512);
    EXPECT_EQ(report.disks[0].chunks, 2U);
}

// ---- ends

TEST(Verify, CutInsideAChunk)
{
    const Report report = check(good().bytes().substr(0, good().bytes().find(noise(952, 4)) + 100));
    EXPECT_EQ(lines(report), "truncated\n");
    EXPECT_TRUE(report.problems[0].host_refuses);
    EXPECT_NE(message(report).find("inside \"Ref:2/00000002\""), std::string::npos);
}

TEST(Verify, CutBetweenEntries)
{
    const std::string ova = OvaXml().disk("Ref:2", 2048).text();
    const Archive one = Archive().metadata(ova).chunk("Ref:2", 0, noise(1024));
    EXPECT_EQ(lines(check(one.bytes())), "truncated 1024+1024\n");
    EXPECT_EQ(message(check(one.bytes())), "the archive is cut off at byte " +
                                               std::to_string(one.bytes().size()) +
                                               ": the data of Ref:2 ends at byte 1024 of 2048");
    Archive two = one;
    two.chunk("Ref:2", 1, noise(1024), Sum::none, "");
    EXPECT_EQ(lines(check(two.bytes())), "truncated Ref:2/00000001 1024+1024\n");
}

TEST(Verify, MissingEndBlocks)
{
    const Report none = check(good().bytes());
    EXPECT_EQ(lines(none), "truncated\n");
    EXPECT_FALSE(none.problems[0].host_refuses) << "a host does not look for them";
    const Report one = check(good().raw(std::string(512, '\0')).bytes());
    EXPECT_EQ(lines(one), "truncated\n");
    EXPECT_FALSE(one.problems[0].host_refuses);
}

TEST(Verify, DataAfterTheEnd)
{
    const Report report = check(good().end().raw("<html>").bytes());
    EXPECT_EQ(lines(report), "trailing\n");
    EXPECT_FALSE(report.problems[0].host_refuses);
    EXPECT_EQ(report.problems[0].archive_offset, good().end().bytes().size());
    EXPECT_TRUE(check(good().end().raw(std::string(9216, '\0')).bytes()).ok());
}

} // namespace
} // namespace xenlab::xva::test
