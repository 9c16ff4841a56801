// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/xva/member.hpp>

#include <gtest/gtest.h>

namespace xenlab::xva::test {
namespace {

using namespace std::string_view_literals;

TEST(MemberName, Chunks)
{
    const Member m = parse_member("Ref:2/00000123");
    EXPECT_EQ(m.kind, MemberKind::chunk);
    EXPECT_EQ(m.prefix, "Ref:2");
    EXPECT_EQ(m.digits, "00000123");
    EXPECT_EQ(m.number, 123U);
    EXPECT_FALSE(m.dotted);
    EXPECT_EQ(parse_member("Ref:002/00000000").prefix, "Ref:002") << "as Xen Orchestra writes it";
    EXPECT_EQ(parse_member("OpaqueRef:x y/99999999").kind, MemberKind::chunk);
    EXPECT_EQ(parse_member("vdi/00000000").kind, MemberKind::chunk);
    EXPECT_EQ(parse_member("Ref:2/100000000").number, 100000000U) << "beyond 95 TiB";
    EXPECT_EQ(parse_member("Ref:2/999999999999999999").number, 999999999999999999U);
}

TEST(MemberName, Checksums)
{
    const Member x = parse_member("Ref:2/00000123.xxhash");
    EXPECT_EQ(x.kind, MemberKind::checksum);
    EXPECT_EQ(x.hash, io::HashKind::xxh64);
    EXPECT_EQ(x.digits, "00000123");
    const Member s = parse_member("Ref:2/00000123.checksum");
    EXPECT_EQ(s.kind, MemberKind::checksum);
    EXPECT_EQ(s.hash, io::HashKind::sha1);
}

TEST(MemberName, Others)
{
    EXPECT_EQ(parse_member("ova.xml").kind, MemberKind::metadata);
    EXPECT_EQ(parse_member("checksum.xml").kind, MemberKind::table);
    EXPECT_EQ(parse_member("Ref:2/", '5').kind, MemberKind::directory);
    EXPECT_EQ(parse_member("./", '5').kind, MemberKind::directory);
    EXPECT_TRUE(parse_member("./ova.xml").dotted);
    EXPECT_EQ(parse_member("./ova.xml").kind, MemberKind::metadata);
    EXPECT_EQ(parse_member("./Ref:2/00000001").kind, MemberKind::chunk);
}

TEST(MemberName, ForeignOnes)
{
    for (const auto name : {""sv,
                            "/"sv,
                            "."sv,
                            ".."sv,
                            "Ref:2"sv,
                            "Ref:2/"sv,
                            "/00000001"sv,
                            "../00000001"sv,
                            "./../00000001"sv,
                            "Ref:2/../00000001"sv,
                            "a/b/00000001"sv,
                            "Ref:2/0000001"sv,
                            "Ref:2/0000000a"sv,
                            "Ref:2/-0000001"sv,
                            "Ref:2/+0000001"sv,
                            "Ref:2/ 0000001"sv,
                            "Ref:2/00000001 "sv,
                            "Ref:2/00000001.XXHASH"sv,
                            "Ref:2/00000001.xxhash.checksum"sv,
                            "Ref:2/00000001.md5"sv,
                            "Ref:2/1234567890123456789"sv,
                            "Ref:2/9223372036854775808"sv,
                            "Ref:2/18446744073709551616"sv,
                            "OVA.XML"sv,
                            "x/ova.xml"sv,
                            "././ova.xml"sv,
                            "Ref:2/00000001\0"sv})
        EXPECT_EQ(parse_member(name).kind, MemberKind::foreign) << name;
    for (const char type : {'1', '2', '3', '4', '6', 'x', 'g', 'L', 'K', 'S', 'V'}) {
        EXPECT_EQ(parse_member("ova.xml", type).kind, MemberKind::foreign) << type;
        EXPECT_EQ(parse_member("Ref:2/00000001", type).kind, MemberKind::foreign) << type;
    }
    EXPECT_EQ(parse_member("../", '5').kind, MemberKind::foreign);
    EXPECT_EQ(parse_member("a/b/", '5').kind, MemberKind::foreign);
}

} // namespace
} // namespace xenlab::xva::test
