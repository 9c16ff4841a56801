// SPDX-License-Identifier: GPL-3.0-or-later
// Archives of other kinds: metadata, single disks, old exports, things that are no archives.
#include "verify_case.hpp"

#include <xenlab/io/decompress.hpp>
#include <xenlab/io/prefetch.hpp>

#include <zstd.h>

namespace xenlab::xva::test {
namespace {

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

} // namespace
} // namespace xenlab::xva::test
