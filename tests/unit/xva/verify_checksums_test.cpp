// SPDX-License-Identifier: GPL-3.0-or-later
// Data and checksums that do not belong together.
#include "verify_case.hpp"

#include <cctype>

namespace xenlab::xva::test {
namespace {

TEST(Verify, DamagedDataIsNamed)
{
    const Report report = check(damaged(good().end().bytes(), noise(1024, 3)));
    EXPECT_EQ(lines(report), "checksum Ref:2/00000001 1024+1024\n");
    EXPECT_EQ(report.problems[0].disk, 1U);
    EXPECT_TRUE(report.problems[0].host_refuses);
    EXPECT_NE(message(report).find("Ref:2/00000001 is damaged: its XXH64 is "), std::string::npos);
}

TEST(Verify, AllDamageIsListedInOrder)
{
    std::string archive = good().end().bytes();
    for (const int seed : {1, 2, 4})
        archive = damaged(archive, noise(seed == 4 ? 952 : 1024, static_cast<unsigned>(seed)));
    EXPECT_EQ(lines(check(archive)), "checksum Ref:11/00000000 0+1024\n"
                                     "checksum Ref:2/00000000 0+1024\n"
                                     "checksum Ref:2/00000002 2048+952\n");
    EXPECT_EQ(lines(check(archive, false)), "checksum Ref:11/00000000 0+1024\n");
}

TEST(Verify, ChecksumsThatAHostWouldNotTake)
{
    const std::string data = noise(1024);
    const auto with = [&](Sum sum, const std::string& text) {
        return check(Archive()
                         .metadata(OvaXml().disk("Ref:2", 1024).text())
                         .chunk("Ref:2", 0, data, sum, text)
                         .end()
                         .bytes());
    };
    const std::string sha1 = sum_text(Sum::sha1, data);
    const std::string xxh64 = sum_text(Sum::xxhash, data);
    EXPECT_TRUE(with(Sum::sha1, sha1).ok());
    EXPECT_TRUE(with(Sum::xxhash, xxh64).ok());
    std::string upper = sha1;
    for (char& c : upper)
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    EXPECT_EQ(
        message(with(Sum::sha1, upper)),
        "the SHA-1 of Ref:2/00000000 is right but its letters have the wrong case, and a host "
        "compares them exactly");
    EXPECT_EQ(message(with(Sum::xxhash, xxh64 + "\n")),
              "the XXH64 of Ref:2/00000000 is right but surrounded by white space, and a host "
              "compares them exactly");
    for (const std::string& text : {std::string(), std::string("0"), sha1, std::string(500, 'A'),
                                    std::string("\x1b[2J"), xxh64.substr(0, 15)})
        EXPECT_EQ(lines(with(Sum::xxhash, text)), "checksum Ref:2/00000000 0+1024\n") << text;
    EXPECT_EQ(message(with(Sum::xxhash, "\x1b[2J")).find('\x1b'), std::string::npos);
}

TEST(Verify, ChunkWithoutChecksum)
{
    const std::string archive = Archive()
                                    .metadata(OvaXml().disk("Ref:2", 2048).text())
                                    .chunk("Ref:2", 0, noise(1024), Sum::none, "")
                                    .chunk("Ref:2", 1, noise(1024), Sum::none, "")
                                    .end()
                                    .bytes();
    EXPECT_EQ(lines(check(archive)),
              "checksum Ref:2/00000000 0+1024\nchecksum Ref:2/00000001 1024+1024\n");
    EXPECT_EQ(message(check(archive)), "Ref:2/00000000 has no checksum");
}

TEST(Verify, LargeChunkIsCheckedWithoutKeepingIt)
{
    const std::string data = noise(3 * mib + 5);
    for (const Sum sum : {Sum::xxhash, Sum::sha1}) {
        const std::string archive = Archive(Tar::v7, sum)
                                        .metadata(OvaXml().disk("Ref:2", data.size()).text())
                                        .chunk("Ref:2", 0, data)
                                        .end()
                                        .bytes();
        EXPECT_TRUE(check(archive).ok());
        EXPECT_EQ(lines(check(damaged(archive, data.substr(2 * mib, 100)))),
                  "checksum Ref:2/00000000 0+3145733\n");
    }
}

} // namespace
} // namespace xenlab::xva::test
