// SPDX-License-Identifier: GPL-3.0-or-later
// Words of the command line: globs, uuids, lists, filters.
#include "selector.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/lab/targets.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace xenlab::lab {
namespace {

TEST(Glob, MatchesAsTheShellDoes)
{
    struct Case {
        const char *pattern, *text;
        bool matches;
    };
    for (const auto& [pattern, text, matches] : {Case{"web*", "web1", true},
                                                 Case{"web*", "web", true},
                                                 Case{"web*", "xweb1", false},
                                                 Case{"*", "", true},
                                                 Case{"", "", true},
                                                 Case{"", "a", false},
                                                 Case{"?", "", false},
                                                 Case{"?", "ü", true},
                                                 Case{"??", "ü", false},
                                                 Case{"*ö*", "größe", true},
                                                 Case{"[a-c]x", "bx", true},
                                                 Case{"[a-c]x", "dx", false},
                                                 Case{"[!a-c]x", "dx", true},
                                                 Case{"[^a-c]x", "ax", false},
                                                 Case{"[]]", "]", true},
                                                 Case{"[a-]", "-", true},
                                                 Case{"[ä-ö]", "å", true},
                                                 Case{"[", "[", false},
                                                 Case{"[a", "a", false},
                                                 Case{"a\\*", "a*", true},
                                                 Case{"a\\*", "ab", false},
                                                 Case{"\\", "\\", true},
                                                 Case{"*a*b*c", "xaxbxc", true},
                                                 Case{"*a*b*c", "xaxcxb", false},
                                                 Case{"**", "x", true},
                                                 Case{"*.iso", "a.iso.iso", true},
                                                 Case{"A", "a", false}})
        EXPECT_EQ(glob_match(pattern, text), matches) << pattern << " on " << text;
}

TEST(Glob, ManyStarsDoNotTakeForEver)
{
    std::string pattern;
    for (int i = 0; i < 30; ++i)
        pattern += "a*";
    EXPECT_FALSE(glob_match(pattern + "b", std::string(3000, 'a')));
}

TEST(Words, UuidsAndGlobs)
{
    EXPECT_TRUE(is_uuid("96ea40aa-ede9-065f-d904-235a3193accf"));
    EXPECT_TRUE(is_uuid("96EA40AA-ede9-065f-d904-235a3193accf"));
    for (const char* none :
         {"", "96ea40aa", "96ea40aa-ede9-065f-d904-235a3193accg",
          "96ea40aa_ede9-065f-d904-235a3193accf", "96ea40aa-ede9-065f-d904-235a3193accf0"})
        EXPECT_FALSE(is_uuid(none)) << none;
    EXPECT_TRUE(has_glob("a[b"));
    EXPECT_FALSE(has_glob("a\\b-c"));
}

class ListFile : public testing::Test {
  protected:
    ListFile()
        : path_(testing::TempDir() + "list " +
                testing::UnitTest::GetInstance()->current_test_info()->name())
    {
    }
    ~ListFile() override { std::remove(path_.c_str()); }
    ListFile(const ListFile&) = delete;
    ListFile& operator=(const ListFile&) = delete;

    std::vector<std::string> words_of(const std::string& content)
    {
        std::ofstream(path_, std::ios::binary) << content;
        return expand_lists({"first", "@" + path_, "last"}, {});
    }

  private:
    std::string path_;
};

using Words = std::vector<std::string>;

TEST_F(ListFile, TakesTheirPlace)
{
    EXPECT_EQ(words_of("a\n\n# no\nb c\r\n"), (Words{"first", "a", "b c", "last"}));
    EXPECT_EQ(words_of(""), (Words{"first", "last"}));
}

TEST_F(ListFile, RowsOfOtherCommandsAreUnderstood)
{
    const std::string uuid = "96ea40aa-ede9-065f-d904-235a3193accf";
    EXPECT_EQ(words_of("ok\tweb1\t" + uuid + "\t1.2\n"), (Words{"first", uuid, "last"}));
    EXPECT_EQ(words_of("web1\thalted\n"), (Words{"first", "web1", "last"}));
    EXPECT_EQ(words_of(std::string("a\nb\0c\0", 6)), (Words{"first", "a\nb", "c", "last"}));
}

TEST(Words, AtAloneIsAName)
{
    EXPECT_EQ(expand_lists({"@"}, {}), (Words{"@"}));
    EXPECT_THROW(expand_lists({"@/nonexistent/list"}, {}), Error);
}

TEST(Selector, RefusesWhatIsNone)
{
    for (const char* bad :
         {"", "power", "=x", "power!x", "colour=red", "power=a,,tag=b", "power=a,"})
        try {
            const Selector selector({bad});
            ADD_FAILURE() << bad;
        } catch (const Error& e) {
            EXPECT_EQ(e.code(), Errc::usage) << bad;
        }
    EXPECT_NO_THROW(Selector({"power=Running,tag!=ci", "name~lab-*", "name!~x=y"}));
}

} // namespace
} // namespace xenlab::lab
