// SPDX-License-Identifier: GPL-3.0-or-later
// Chunks and headers that are missing, damaged, misplaced or foreign.
#include "verify_case.hpp"

namespace xenlab::xva::test {
namespace {

TEST(Verify, MissingChunks)
{
    const std::string ova = OvaXml().disk("Ref:2", 3072).text();
    const auto of = [&](std::vector<unsigned> numbers) {
        Archive archive;
        archive.metadata(ova);
        for (const unsigned n : numbers)
            archive.chunk("Ref:2", n, noise(1024, n));
        return check(archive.end().bytes());
    };
    EXPECT_TRUE(of({0, 1, 2}).ok());
    EXPECT_TRUE(of({0, 2}).ok()) << "a chunk of zeros may be omitted";
    EXPECT_EQ(lines(of({0, 1})), "missing-chunk 2048+1024\n");
    EXPECT_EQ(lines(of({1, 2})), "missing-chunk Ref:2/00000001 1024+1024\n");
    EXPECT_EQ(lines(of({0, 1, 2, 3})), "incomplete Ref:2/00000003 3072+1024\n");
    EXPECT_EQ(lines(of({0, 2, 1})), "order Ref:2/00000001\n");
    EXPECT_EQ(lines(of({0, 1, 1, 2})), "order Ref:2/00000001\n");
}

TEST(Verify, NumbersThatAreNoPlacesOnADisk)
{
    const auto with = [&](std::uint64_t number) {
        return check(Archive()
                         .metadata(OvaXml().disk("Ref:2", 1024).text())
                         .chunk("Ref:2", 0, noise(1024))
                         .chunk("Ref:2", number, noise(1024))
                         .end()
                         .bytes());
    };
    EXPECT_EQ(lines(with(99999999)), "incomplete Ref:2/99999999 102399998976+1024\n");
    EXPECT_EQ(lines(with(999999999999999999)), "order Ref:2/999999999999999999\n");
    EXPECT_EQ(message(with(999999999999999999)),
              "Ref:2/999999999999999999 has an impossible number");
    EXPECT_EQ(lines(with(std::uint64_t{1} << 63)), "order Ref:2/9223372036854775808\n"
                                                   "order Ref:2/9223372036854775808.xxhash\n")
        << "19 digits are no chunk";
}

TEST(Verify, EntriesThatDoNotBelong)
{
    const auto with = [](auto add) {
        Archive archive;
        archive.metadata(OvaXml().disk("Ref:2", 2048).text()).chunk("Ref:2", 0, noise(1024));
        add(archive);
        return check(archive.chunk("Ref:2", 1, noise(1024)).end().bytes());
    };
    const auto raw_entry = [](char type, const std::string& name) {
        return tar_header({.name = name, .type = type, .link = "/etc/passwd"});
    };
    EXPECT_EQ(lines(with([](Archive& a) { a.entry("../../etc/passwd", "x"); })),
              "order ../../etc/passwd\n");
    EXPECT_EQ(lines(with([](Archive& a) { a.entry("Ref:2/../00000001", "x"); })),
              "order Ref:2/../00000001\n");
    EXPECT_EQ(lines(with([&](Archive& a) { a.raw(raw_entry('2', "Ref:2/00000001")); })),
              "order Ref:2/00000001\n");
    EXPECT_EQ(lines(with([](Archive& a) { a.chunk("Ref:7", 0, noise(1024)); })),
              "order Ref:7/00000000\n");
    EXPECT_EQ(lines(with([](Archive& a) { a.metadata(OvaXml().text()); })), "order ova.xml\n");
    EXPECT_EQ(message(with([](Archive& a) { a.metadata(OvaXml().text()); })), "a second ova.xml");
    EXPECT_EQ(lines(with([](Archive& a) { a.entry("Ref:2/00000000.xxhash", "x"); })),
              "order Ref:2/00000000.xxhash\n");
    const Report directory = with([&](Archive& a) { a.raw(raw_entry('5', "Ref:2/")); });
    EXPECT_TRUE(directory.ok());
    EXPECT_EQ(directory.refusals.size(), 1U);
}

TEST(Verify, DisksInTheWrongOrder)
{
    const std::string archive = Archive()
                                    .metadata(two_disks())
                                    .chunk("Ref:2", 0, noise(1024, 2))
                                    .chunk("Ref:11", 0, noise(1024))
                                    .chunk("Ref:2", 2, noise(952, 2))
                                    .end()
                                    .bytes();
    EXPECT_EQ(lines(check(archive)),
              "order Ref:11/00000000 0+1024\norder Ref:2/00000002 2048+952\n");
}

TEST(Verify, NamesThatSomebodyRepackedAreNoDamage)
{
    const std::string data = noise(1024);
    const std::string archive = Archive()
                                    .raw(tar_header({.name = "./", .type = '5'}))
                                    .entry("./ova.xml", OvaXml().disk("Ref:2", 1024).text())
                                    .raw(tar_header({.name = "./Ref:2/", .type = '5'}))
                                    .entry("./Ref:2/00000000", data)
                                    .entry("./Ref:2/00000000.xxhash", sum_text(Sum::xxhash, data))
                                    .end()
                                    .bytes();
    const Report report = check(archive);
    EXPECT_EQ(lines(report), "");
    EXPECT_EQ(report.refusals, (std::vector<std::string>{"entry names start with \"./\"",
                                                         "the archive holds directory entries",
                                                         "ova.xml is not the first entry"}));
    EXPECT_FALSE(report.importable());
}

TEST(Verify, DamagedHeaderOfAChunk)
{
    const Report report = check(damaged(good().end().bytes(), std::string("Ref:2/00000001\0", 15)));
    EXPECT_EQ(lines(report), "bad-header 1024+0\n") << "the place of what was to come next";
    EXPECT_EQ(report.problems[0].disk, 1U);
    EXPECT_EQ(report.disks[1].chunks, 2U) << "the chunks behind it are read";
}

TEST(Verify, DamagedHeaderOfAChecksum)
{
    const Report report = check(damaged(good().end().bytes(), "Ref:2/00000001.xxhash"));
    EXPECT_EQ(lines(report), "bad-header Ref:2/00000001 1024+1024\n");
    EXPECT_NE(message(report).find("where the checksum of Ref:2/00000001 should be"),
              std::string::npos);
}

TEST(Verify, ManyDamagedHeadersOfChecksums)
{
    Archive archive;
    archive.metadata(OvaXml().disk("Ref:2", 20 * 512).text());
    for (unsigned n = 0; n < 20; ++n)
        archive.chunk("Ref:2", n, noise(512, n));
    std::string bytes = archive.end().bytes();
    for (std::size_t at = 0; (at = bytes.find(".xxhash", at)) != std::string::npos; ++at)
        bytes[at] = ',';
    EXPECT_EQ(check(bytes).problems.size(), 20U);
}

TEST(Verify, DamagedOvaXml)
{
    const auto with = [](const std::string& ova) {
        return check(Archive().metadata(ova).chunk("Ref:2", 0, noise(1024)).end().bytes());
    };
    EXPECT_EQ(lines(with("<value>")), "bad-header\n");
    EXPECT_EQ(lines(with("")), "bad-header\n");
    EXPECT_EQ(lines(with(value("text"))), "bad-header\n");
    EXPECT_EQ(message(with(structure({}))), "ova.xml: no list of objects");
    EXPECT_EQ(lines(with("<!DOCTYPE x [<!ENTITY a \"b\">]>" + OvaXml().disk("Ref:2", 1024).text())),
              "bad-header\n");
}

} // namespace
} // namespace xenlab::xva::test
