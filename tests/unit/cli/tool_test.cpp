// SPDX-License-Identifier: GPL-3.0-or-later
// run_tool() as a function: what it prints and returns, with its standard streams caught in files.
#include "support/caught.hpp"
#include "support/scratch.hpp"

#include <xenlab/cli/tool.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

namespace xenlab::cli::test {
namespace {

using xenlab::test::Caught;
using xenlab::test::Scratch;

const ToolInfo info{.name = "xva-try",
                    .summary = "try things out",
                    .schema = "xva-try/1",
                    .formats = {Format::table, Format::tsv, Format::json, Format::jsonl},
                    .columns = {"name"},
                    .exit_codes = {{0}, {7}}};

struct Ran {
    int code = -1;
    std::string out, err;
};

Ran run(std::vector<std::string> words, const std::function<int(Context&)>& body)
{
    const Scratch scratch;
    std::vector<char*> argv;
    words.insert(words.begin(), "xva-try");
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    std::string src, word;
    const auto declare = [&](OptionSet& app) {
        app.add_option("SRC", src, "What to try").required();
        app.add_option("--word", word, "A word");
    };
    Ran ran;
    {
        const Caught out(STDOUT_FILENO, scratch / "out");
        const Caught err(STDERR_FILENO, scratch / "err");
        ran.code = run_tool(static_cast<int>(words.size()), argv.data(), info, declare, body);
    }
    ran.out = scratch.get("out");
    ran.err = scratch.get("err");
    return ran;
}

int nothing(Context&)
{
    return 0;
}

int broken(Context&)
{
    throw Error(Errc::bad_data, "a.xva: cut off", "fetch it again");
}

TEST(RunTool, ReturnsWhatTheBodyReturns)
{
    const Ran ran = run({"a"}, [](Context& c) {
        c.out().write("answer\n");
        c.warning("careful");
        c.note("by the way");
        c.detail("not shown");
        return 7;
    });
    EXPECT_EQ(ran.code, 7);
    EXPECT_EQ(ran.out, "answer\n");
    EXPECT_EQ(ran.err, "xva-try: warning: careful\nxva-try: by the way\n");
    EXPECT_EQ(run({"a", "--quiet"},
                  [](Context& c) {
                      c.warning("careful");
                      return 0;
                  })
                  .err,
              "");
}

TEST(RunTool, ErrorsHaveMessageHintAndCode)
{
    const Ran ran = run({"a"}, broken);
    EXPECT_EQ(ran.code, 7);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.err, "xva-try: error: a.xva: cut off\nxva-try: hint: fetch it again\n");
}

TEST(RunTool, ErrorsAreDocumentsToo)
{
    for (const auto* option : {"--json", "--jsonl"}) {
        const Ran ran = run({"a", option}, broken);
        EXPECT_EQ(ran.code, 7);
        const auto document = nlohmann::json::parse(ran.out);
        EXPECT_EQ(document["schema"], "xva-try/1");
        EXPECT_EQ(document["error"], (nlohmann::json{{"code", 7},
                                                     {"kind", "bad-data"},
                                                     {"message", "a.xva: cut off"},
                                                     {"hint", "fetch it again"}}));
        EXPECT_NE(ran.err, "");
    }
    const auto usage = nlohmann::json::parse(run({"--json", "a", "--wrod=x"}, nothing).out);
    EXPECT_EQ(usage["error"]["code"], 2);
    EXPECT_EQ(usage["error"]["hint"], "did you mean --word?");
}

TEST(RunTool, WrongCommandLines)
{
    const Ran unknown = run({"a", "--wrod", "x"}, nothing);
    EXPECT_EQ(unknown.code, 2);
    EXPECT_EQ(unknown.err,
              "xva-try: error: unknown option --wrod\nxva-try: hint: did you mean --word?\n");
    const std::string usage = "xva-try: hint: usage: xva-try [OPTIONS] SRC; see xva-try --help\n";
    EXPECT_EQ(run({}, nothing).err, "xva-try: error: SRC is missing\n" + usage);
    EXPECT_EQ(run({"a", "b\x1b"}, nothing).err,
              "xva-try: error: unexpected argument \"b\\x1b\"\n" + usage);
    EXPECT_EQ(run({"a", "--format", "yaml"}, nothing).code, 2);
    EXPECT_EQ(run({"a", "--\x1b[2J"}, nothing).err.find('\x1b'), std::string::npos);
}

TEST(RunTool, OtherExceptionsAreInternalErrors)
{
    const Ran ran = run({"a"}, [](Context&) -> int { throw std::out_of_range("map::at"); });
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(ran.err.starts_with("xva-try: error: internal error: map::at\n"));
    EXPECT_EQ(run({"a"}, [](Context&) -> int { throw std::bad_alloc(); }).err,
              "xva-try: error: out of memory\n");
}

TEST(RunTool, HelpVersionAndGenerate)
{
    EXPECT_TRUE(run({"--help"}, broken).out.starts_with("xva-try - try things out\n"));
    EXPECT_TRUE(run({"-h"}, broken).out.starts_with("xva-try - try things out\n"));
    EXPECT_TRUE(run({"--version"}, broken).out.starts_with("xva-try "));
    EXPECT_TRUE(run({"--generate", "man"}, broken).out.starts_with("@SYNOPSIS@\n"));
    EXPECT_EQ(run({"--generate", "nonsense"}, broken).code, 2);
    EXPECT_EQ(run({"--", "--help"}, nothing).out, "") << "a file of that name";
}

TEST(RunTool, EveryCodeHasAMeaning)
{
    for (const int code : {0, 1, 2, 3, 4, 5, 6, 7, 8, 124, 130})
        EXPECT_FALSE(exit_code_meaning(code).empty()) << code;
    EXPECT_TRUE(exit_code_meaning(99).empty());
}

} // namespace
} // namespace xenlab::cli::test
