// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <set>

namespace xenlab::test {
namespace {

constexpr Errc all[]{Errc::failed,      Errc::usage,        Errc::not_found, Errc::ambiguous,
                     Errc::unreachable, Errc::precondition, Errc::bad_data,  Errc::partial,
                     Errc::timeout,     Errc::interrupted};

TEST(Error, EachKindHasItsWordAndCode)
{
    std::set<std::string_view> words;
    std::set<int> codes;
    for (const Errc code : all) {
        words.insert(kind_of(code));
        codes.insert(exit_code(code));
    }
    EXPECT_EQ(words.size(), std::size(all));
    EXPECT_EQ(codes, (std::set{1, 2, 3, 4, 5, 6, 7, 8, 124, 130}));
}

TEST(Error, PlaceAndHint)
{
    const Error e = Error(Errc::bad_data, "cut off", "fetch it again").within("a.xva");
    EXPECT_STREQ(e.what(), "a.xva: cut off");
    EXPECT_EQ(e.hint(), "fetch it again");
    EXPECT_EQ(e.code(), Errc::bad_data);
    EXPECT_EQ(e.with_hint("other").hint(), "other");
    EXPECT_EQ(Error(Errc::failed, "x").hint(), "");
}

TEST(Error, OfSystemCalls)
{
    EXPECT_STREQ(system_error(ENOENT, "a.xva").what(), "a.xva: No such file or directory");
    EXPECT_EQ(system_error(ENOENT, "").code(), Errc::not_found);
    EXPECT_EQ(system_error(EACCES, "").code(), Errc::failed);
    EXPECT_EQ(system_error(ECONNREFUSED, "").code(), Errc::unreachable);
    EXPECT_EQ(system_error(ETIMEDOUT, "").code(), Errc::timeout);
}

} // namespace
} // namespace xenlab::test
