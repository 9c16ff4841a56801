// SPDX-License-Identifier: GPL-3.0-or-later
// Tables, documents and progress as they arrive in the file of -o.
#include "support/scratch.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/cli/progress.hpp>
#include <xenlab/cli/table.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>

#include <fcntl.h>
#include <unistd.h>

namespace xenlab::cli::test {
namespace {

using xenlab::test::Scratch;

class Output : public testing::Test {
  protected:
    const Scratch scratch;
    SharedOptions options{.output = scratch / "out"};

    template <typename Body>
    std::string written(Body body)
    {
        Context context("xva-try", options, {});
        body(context);
        context.finish();
        return scratch.get("out");
    }
};

const std::vector<Column> columns{{"name"}, {"size", true}, {"note"}};

void fill(Context& context)
{
    Table table(context, columns);
    table.row({"web1", "5", "ok"});
    table.row({"東京", "12345", ""});
    table.row({"a\tb\n\x1b[2J\xff", "", "\\"});
    table.finish();
}

TEST_F(Output, TableForPeople)
{
    EXPECT_EQ(written(fill), "NAME                SIZE  NOTE\n"
                             "web1                   5  ok\n"
                             "東京               12345  -\n"
                             "a\\tb\\n\\x1b[2J\\xff      -  \\\\\n");
}

TEST_F(Output, TableWithoutHeader)
{
    options.header = false;
    EXPECT_EQ(written([](Context& c) {
                  Table table(c, columns);
                  table.row({"a", "1", "x"});
                  table.finish();
              }),
              "a  1  x\n");
}

TEST_F(Output, TsvIsAlwaysOneLineARow)
{
    options.format = Format::tsv;
    options.header = false;
    EXPECT_EQ(written(fill), "web1\t5\tok\n東京\t12345\t\na\\tb\\n\\x1b[2J\\xff\t\t\\\\\n");
    options.header = true;
    EXPECT_TRUE(written(fill).starts_with("NAME\tSIZE\tNOTE\n"));
}

TEST_F(Output, FieldsChooseAndOrder)
{
    options.fields = {"note", "name"};
    EXPECT_TRUE(written(fill).starts_with("NOTE  NAME\nok    web1\n"));
    options.fields = {"nmae"};
    try {
        written(fill);
        FAIL();
    } catch (const Error& e) {
        EXPECT_EQ(e.code(), Errc::usage);
        EXPECT_STREQ(e.what(), "there is no field \"nmae\"");
    }
}

TEST_F(Output, SomeColumnsAreForFieldsOnly)
{
    const auto two = [](Context& c) {
        Table table(c, columns, {"name", "note"});
        table.row({"a", "1", "x"});
        table.finish();
    };
    EXPECT_EQ(written(two), "NAME  NOTE\na     x\n");
    options.format = Format::tsv;
    options.header = false;
    EXPECT_EQ(written(two), "a\t1\tx\n") << "a program gets all";
}

TEST_F(Output, HeaderMayBeColoured)
{
    options.color = true;
    EXPECT_TRUE(written(fill).starts_with("\x1b[1mNAME"));
    Context context("t", options, {});
    EXPECT_EQ(context.colored("x", "32"), "\x1b[32mx\x1b[0m");
}

TEST_F(Output, Documents)
{
    const nlohmann::ordered_json document{{"name", "bad \xff utf-8"}, {"n", 1}};
    const auto write = [&](Context& c) { c.write_json(document); };
    options.format = Format::json;
    EXPECT_EQ(written(write), "{\n  \"name\": \"bad \ufffd utf-8\",\n  \"n\": 1\n}\n");
    options.format = Format::jsonl;
    EXPECT_EQ(written(write), "{\"name\":\"bad \ufffd utf-8\",\"n\":1}\n");
}

TEST_F(Output, GivenUpLeavesNoFile)
{
    try {
        written([](Context& c) {
            c.out().write("half");
            throw Error(Errc::failed, "no more");
        });
        FAIL();
    } catch (const Error&) {
        EXPECT_EQ(scratch.files(), 0U);
    }
}

/// What a Progress wrote to its descriptor.
template <typename Body>
std::string shown(ProgressMode mode, Body body)
{
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
    const io::Fd out(ends[0]), in(ends[1]);
    const Context context("t", {.progress = mode, .progress_fd = in.get()}, {});
    {
        Progress progress(context, "a\x1b.xva");
        body(progress);
    }
    std::array<char, 4096> buffer{};
    const ssize_t n = ::read(out.get(), buffer.data(), buffer.size());
    return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(0, n))};
}

TEST(Progress, Lines)
{
    const auto line = [](std::uint64_t position, std::optional<std::uint64_t> total) {
        return shown(ProgressMode::line, [&](Progress& p) {
            p.update(position, total);
            p.done();
        });
    };
    EXPECT_TRUE(line(1 << 20, 4 << 20).starts_with("a\\x1b.xva: 1 MiB of 4 MiB (25%), "));
    EXPECT_TRUE(line(1 << 20, std::nullopt).starts_with("a\\x1b.xva: 1 MiB, "));
    EXPECT_NE(line(25, 50).find("25 B of 50 B (50%)"), std::string::npos);
    EXPECT_NE(line(199, 200).find("(99%)"), std::string::npos);
    EXPECT_NE(line(300, 200).find("(100%)"), std::string::npos);
    EXPECT_EQ(line(0, 0).find('%'), std::string::npos);
    EXPECT_NE(line(UINT64_MAX, UINT64_MAX).find("(100%)"), std::string::npos);
}

TEST(Progress, ForPrograms)
{
    const auto text = shown(ProgressMode::json, [](Progress& p) {
        p.update(50, 100);
        p.done();
    });
    const auto line = nlohmann::json::parse(text);
    EXPECT_EQ(line["what"], "a\x1b.xva");
    EXPECT_EQ(line["position"], 50);
    EXPECT_EQ(line["total"], 100);
    EXPECT_TRUE(line["rate"].is_number_unsigned());
    EXPECT_TRUE(line["eta"].is_number());
    const auto unknown = nlohmann::json::parse(shown(ProgressMode::json, [](Progress& p) {
        p.update(50, std::nullopt);
        p.done();
    }));
    EXPECT_TRUE(unknown["total"].is_null());
    EXPECT_TRUE(unknown["eta"].is_null());
}

TEST(Progress, NothingForNobody)
{
    const auto often = [](Progress& p) {
        for (std::uint64_t i = 0; i < 1000; ++i)
            p.update(i, 1000);
        p.done();
    };
    EXPECT_EQ(shown(ProgressMode::none, often), "");
    EXPECT_EQ(shown(ProgressMode::bar, often), "") << "over before it is worth drawing";
}

} // namespace
} // namespace xenlab::cli::test
