// SPDX-License-Identifier: GPL-3.0-or-later
#include "fat_names.hpp"
#include "ntfs_reparse.hpp"

#include <xenlab/fs/filesystem.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace xenlab::fs {
namespace {

std::string text(const ShortName& name)
{
    return {name.begin(), name.end()};
}

TEST(FoldedNames, AreEqualAsWindowsSeesThem)
{
    EXPECT_TRUE(same_name_folded("Windows", "WINDOWS"));
    EXPECT_TRUE(same_name_folded("\xc3\xa4\xd0\xb6", "\xc3\x84\xd0\x96")); // ä ж
    EXPECT_FALSE(same_name_folded("a", "ab"));
    EXPECT_FALSE(same_name_folded("\xc3\xb7", "\xc3\x97")); // ÷ is not a small ×
}

TEST(ShortNames, FitOnlyAsTheyStand)
{
    ShortName name{};
    EXPECT_TRUE(fits_short("README.TXT", name));
    EXPECT_EQ(text(name), "README  TXT");
    for (const char* other : {"readme.txt", "TOO-LONG-NAME", "A.LONG", "A B", ".A", "A.", "A+B"})
        EXPECT_FALSE(fits_short(other, name)) << other;
}

TEST(ShortNames, AreMadeUnlikeThoseThatAreThere)
{
    std::set<std::string> taken;
    for (int i = 0; i < 120; ++i) {
        const ShortName name = make_short("a rather long name.text", [&](const ShortName& n) {
            return taken.count(text(n)) != 0;
        });
        EXPECT_TRUE(taken.insert(text(name)).second);
        EXPECT_NE(text(name).find('~'), std::string::npos);
        EXPECT_EQ(text(name).substr(8), "TEX");
    }
}

std::vector<std::byte> reparse(std::uint32_t tag, const std::u16string& target, bool flags)
{
    const std::size_t head = 8 + (flags ? 12 : 8);
    std::vector<std::byte> data(head + 2 * target.size());
    bytes::store_le(data, 0, tag);
    bytes::store_le(data, 4, static_cast<std::uint16_t>(data.size() - 8));
    bytes::store_le(data, 10, static_cast<std::uint16_t>(2 * target.size()));
    for (std::size_t i = 0; i < target.size(); ++i)
        bytes::store_le(data, head + 2 * i, static_cast<std::uint16_t>(target[i]));
    return data;
}

TEST(ReparsePoints, GiveTheirTargets)
{
    EXPECT_EQ(link_of_reparse(reparse(reparse_tag::mount_point, u"\\??\\C:\\Users", false)),
              "C:/Users");
    EXPECT_EQ(link_of_reparse(reparse(reparse_tag::symlink, u"..\\x", true)), "../x");
    EXPECT_EQ(link_of_reparse(reparse(reparse_tag::dedup, u"x", false)), std::nullopt);
}

TEST(ReparsePoints, ThatAreCutOffGiveNothing)
{
    const auto whole = reparse(reparse_tag::symlink, u"a\\b", true);
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_NO_THROW(static_cast<void>(link_of_reparse(std::span(whole).first(size))));
    EXPECT_EQ(link_of_reparse(std::span(whole).first(whole.size() - 1)), std::nullopt);
    EXPECT_EQ(tag_of_reparse({}), 0U);
}

} // namespace
} // namespace xenlab::fs
