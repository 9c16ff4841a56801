// SPDX-License-Identifier: GPL-3.0-or-later
// What the verifier says of archives that are damaged in one known way.
#include "support/archive.hpp"

#include <xenlab/io/decompress.hpp>
#include <xenlab/io/prefetch.hpp>
#include <xenlab/xva/verify.hpp>

#include <gtest/gtest.h>
#include <zstd.h>

#include <cctype>
#include <functional>

namespace xenlab::xva::test {
namespace {

using namespace xenlab::test;

constexpr std::uint64_t mib = 1U << 20U;

Report check(const std::string& archive, bool keep_going = true, unsigned threads = 1)
{
    return verify(std::make_unique<io::MemorySource>(view(archive)),
                  {.keep_going = keep_going, .hash_threads = threads});
}

/// "checksum Ref:2/00000001 1024+300" for each problem, a line each.
std::string lines(const Report& report)
{
    std::string out;
    for (const Problem& p : report.problems) {
        out += name_of(p.kind);
        if (!p.chunk.empty())
            out += " " + p.chunk;
        if (p.offset)
            out += " " + std::to_string(*p.offset) + "+" + std::to_string(p.length.value_or(0));
        out += '\n';
    }
    return out;
}

std::string message(const Report& report)
{
    return report.problems.empty() ? "" : report.problems[0].message;
}

std::string two_disks()
{
    return OvaXml().vm().disk("Ref:2", 3000).disk("Ref:11", 1024, "1").text();
}

/// Ref:11 comes before Ref:2.
Archive good()
{
    return Archive()
        .metadata(two_disks())
        .chunk("Ref:11", 0, noise(1024))
        .chunk("Ref:2", 0, noise(1024, 2))
        .chunk("Ref:2", 1, noise(1024, 3))
        .chunk("Ref:2", 2, noise(952, 4));
}

std::string damaged(std::string bytes, std::string_view content)
{
    const std::size_t at = bytes.find(content);
    EXPECT_NE(at, std::string::npos);
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    return bytes;
}

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

// ---- checksums

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

// ---- chunks

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

// ---- headers

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

// ---- other kinds of archive

TEST(Verify, MetadataOnly)
{
    const std::string archive = Archive().metadata(two_disks()).end().bytes();
    const Report report = check(archive);
    EXPECT_EQ(lines(report), "incomplete\n");
    EXPECT_EQ(message(report),
              "a metadata-only archive: it describes 2 disks and holds the data of none");
    EXPECT_TRUE(check(Archive().metadata(OvaXml().vm().text()).end().bytes()).ok())
        << "a VM without disks";
}

TEST(Verify, OneDiskWithoutData)
{
    const std::string archive =
        Archive().metadata(two_disks()).chunk("Ref:11", 0, noise(1024)).end().bytes();
    EXPECT_EQ(lines(check(archive)), "incomplete 0+3000\n");
}

TEST(Verify, TarOfOneVdi)
{
    const Archive archive = Archive().chunk("vdi", 0, noise(1024)).chunk("vdi", 1, noise(100));
    Archive whole = archive;
    const Report report = check(whole.end().bytes());
    EXPECT_EQ(lines(report), "");
    EXPECT_TRUE(report.is_vdi_tar);
    EXPECT_FALSE(report.importable());
    ASSERT_EQ(report.disks.size(), 1U);
    EXPECT_EQ(report.disks[0].end, 1124U);
    Archive strange = archive; // once read past the end of a table of disks
    strange.metadata(two_disks()).chunk("Ref:2", 0, noise(1024)).end();
    EXPECT_EQ(lines(check(strange.bytes())), "order ova.xml\norder Ref:2/00000000\n");
    EXPECT_EQ(message(check(strange.bytes())), "ova.xml comes after chunks");
}

TEST(Verify, TablesOfOldExports)
{
    const auto with = [](const char* version, Sum inline_sum, bool wrong, bool table,
                         bool short_table = false) {
        const std::string a = noise(1024), b = noise(1024, 2);
        Archive archive(Tar::v7, inline_sum);
        archive.metadata(OvaXml(version).disk("Ref:2", 2048).text())
            .chunk("Ref:2", 0, a)
            .chunk("Ref:2", 1, b);
        Members sums{{"Ref:2/00000000", value(sum_text(Sum::sha1, a))}};
        if (!short_table)
            sums.emplace_back("Ref:2/00000001", value(sum_text(Sum::sha1, wrong ? a : b)));
        if (table)
            archive.entry("checksum.xml", structure(sums));
        return check(archive.end().bytes());
    };
    EXPECT_TRUE(with("1", Sum::sha1, false, true).ok());
    EXPECT_TRUE(with("0", Sum::none, false, true).ok());
    EXPECT_EQ(with("0", Sum::none, false, true).refusals,
              (std::vector<std::string>{"chunks without checksum entries (export_vsn 0)"}));
    for (const auto& [version, sum] : {std::pair{"1", Sum::sha1}, {"0", Sum::none}}) {
        EXPECT_EQ(lines(with(version, sum, true, true)), "checksum checksum.xml\n");
        EXPECT_EQ(message(with(version, sum, true, true)),
                  "Ref:2/00000001 disagrees with the checksum table at the end");
        EXPECT_EQ(message(with(version, sum, false, true, true)),
                  "Ref:2/00000001 is not in the checksum table at the end");
    }
    EXPECT_EQ(lines(with("0", Sum::none, false, false)), "checksum Ref:2/00000000 0+1024\n");
    EXPECT_EQ(lines(with("1", Sum::none, false, true)),
              "checksum Ref:2/00000000 0+1024\nchecksum Ref:2/00000001 1024+1024\n");
}

TEST(Verify, OtherContentIsNamed)
{
    const auto words = [](const std::string& content) {
        const Report report = check(content);
        EXPECT_EQ(lines(report), "not-xva\n") << content;
        return message(report);
    };
    EXPECT_EQ(words(""), "not an XVA: empty");
    EXPECT_EQ(words("<!DOCTYPE html><html><head><title> 404 Not\xc2\x9b Found </title>"),
              "not an XVA: an HTML page titled \"404 Not\\xc2\\x9b Found\"");
    EXPECT_EQ(words("HTTP/1.1 500 internal error\r\nServer: xapi"),
              "not an XVA: text, \"HTTP/1.1 500 internal error\"");
    EXPECT_EQ(words("<appliance version=\"0.1\">"),
              "not an XVA: the ova.xml of an XVA version 0.1, which is a directory");
    EXPECT_EQ(words(std::string(4096, '\0')), "not an XVA: nothing but zeros at the start");
    EXPECT_EQ(words("conectix" + std::string(4096, '\0')), "not an XVA: a VHD disk image");
    EXPECT_EQ(words(noise(4096)), "not an XVA: unknown content");
    EXPECT_EQ(words(noise(300)), "not an XVA: too short");
    EXPECT_EQ(words(Archive().entry("disk.ovf", "x").end().bytes()),
              "not an XVA: a tar archive, but its first entry is \"disk.ovf\" instead of ova.xml "
              "(an OVA)");
    EXPECT_EQ(words(std::string(510, '\0') + "\x55\xaa" + noise(4096)),
              "not an XVA: a raw disk image (it starts with a boot sector)");
}

TEST(Verify, EndlessProblemsAreCounted)
{
    Archive archive;
    archive.metadata(OvaXml().text());
    for (unsigned n = 0; n < 1200; ++n)
        archive.entry("junk" + std::to_string(n), "");
    const Report report = check(archive.end().bytes());
    EXPECT_EQ(report.problems.size(), max_problems);
    EXPECT_EQ(report.more_problems, 200U);
}

// ---- compression

std::string zstd(const std::string& plain)
{
    std::string out(ZSTD_compressBound(plain.size()), '\0');
    ZSTD_CCtx* context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    out.resize(ZSTD_compress2(context, out.data(), out.size(), plain.data(), plain.size()));
    ZSTD_freeCCtx(context);
    return out;
}

Report check_zstd(const std::string& compressed)
{
    return verify(io::prefetch(io::decompress(std::make_unique<io::MemorySource>(view(compressed)),
                                              io::Compression::zstd)),
                  {.keep_going = true});
}

TEST(Verify, CompressedArchive)
{
    const std::string whole = zstd(good().end().bytes());
    EXPECT_EQ(lines(check_zstd(whole)), "");
    for (std::size_t cut = 0; cut < whole.size(); cut += 13)
        ASSERT_EQ(lines(check_zstd(whole.substr(0, cut))), "truncated\n") << cut;
    EXPECT_EQ(lines(check_zstd(whole + "garbage")), "trailing\n");
    std::string flipped_checksum = whole;
    flipped_checksum.back() = static_cast<char>(flipped_checksum.back() ^ 1);
    EXPECT_EQ(lines(check_zstd(flipped_checksum)), "checksum\n")
        << "damage that the archive itself would not show";
}

// ---- threads

/// Forty chunks of 64 KiB; some damaged, one header too.
std::string big_damaged()
{
    Archive archive;
    archive.metadata(OvaXml().disk("Ref:2", 40 * 65536).text());
    for (unsigned n = 0; n < 40; ++n)
        archive.chunk("Ref:2", n, noise(65536, n));
    std::string bytes = archive.end().raw("tail").bytes();
    for (const unsigned n : {3U, 4U, 17U, 38U, 39U})
        bytes = damaged(bytes, noise(65536, n).substr(5000, 64));
    return damaged(bytes, "Ref:2/00000020.xxhash");
}

TEST(VerifyThreads, GiveTheSameReport)
{
    const std::string archive = big_damaged();
    const std::string expected = "checksum Ref:2/00000003 196608+65536\n"
                                 "checksum Ref:2/00000004 262144+65536\n"
                                 "checksum Ref:2/00000017 1114112+65536\n"
                                 "bad-header Ref:2/00000020 1310720+65536\n"
                                 "checksum Ref:2/00000038 2490368+65536\n"
                                 "checksum Ref:2/00000039 2555904+65536\n"
                                 "trailing\n";
    for (const unsigned threads : {0U, 1U, 2U, 8U})
        for (int turn = 0; turn < 5; ++turn) {
            EXPECT_EQ(lines(check(archive, true, threads)), expected) << threads;
            EXPECT_EQ(lines(check(archive, false, threads)),
                      expected.substr(0, expected.find('\n') + 1))
                << threads;
        }
}

/// Gives some bytes and then fails.
class Failing final : public io::ByteSource {
  public:
    Failing(std::string data, std::function<void()> fail)
        : data_(std::move(data)), fail_(std::move(fail))
    {
    }
    std::size_t read(std::span<std::byte> buffer) override
    {
        const std::size_t n = source_.read(buffer);
        if (n == 0 && !buffer.empty())
            fail_();
        return n;
    }
    [[nodiscard]] std::uint64_t position() const override { return source_.position(); }

  private:
    std::string data_;
    io::MemorySource source_{view(data_)};
    std::function<void()> fail_;
};

TEST(VerifyThreads, DamageComesBeforeTheBreakOfTheStreamBehindIt)
{
    std::string bytes = big_damaged();
    bytes.resize(bytes.find("Ref:2/00000005"));
    for (const unsigned threads : {1U, 8U}) {
        const auto broken = [&] {
            return std::make_unique<Failing>(bytes, [] {
                throw io::StreamError(io::Damage::corrupt, "the gzip data is damaged");
            });
        };
        EXPECT_EQ(lines(verify(broken(), {.keep_going = true, .hash_threads = threads})),
                  "checksum Ref:2/00000003 196608+65536\nchecksum Ref:2/00000004 "
                  "262144+65536\nchecksum\n");
        EXPECT_EQ(lines(verify(broken(), {.hash_threads = threads})),
                  "checksum Ref:2/00000003 196608+65536\n");
    }
}

TEST(VerifyThreads, FailuresThatSayNothingOfTheArchiveAreThrown)
{
    for (const Errc code : {Errc::interrupted, Errc::failed, Errc::timeout})
        try {
            verify(std::make_unique<Failing>(big_damaged().substr(0, 500000),
                                             [&] { throw Error(code, "reading failed"); }),
                   {.keep_going = true, .hash_threads = 8});
            FAIL();
        } catch (const Error& e) {
            EXPECT_EQ(e.code(), code);
        }
}

} // namespace
} // namespace xenlab::xva::test
