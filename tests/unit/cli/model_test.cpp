// SPDX-License-Identifier: GPL-3.0-or-later
// The option model and its writers, on a tool that exists here only.
#include "complete.hpp"
#include "model.hpp"
#include "shared_options.hpp"

#include <xenlab/cli/options.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace xenlab::cli::test {
namespace {

struct Values {
    std::string file = "-";
    std::vector<std::string> more;
    std::string kind = "raw";
    std::uint64_t size = 0;
    std::chrono::milliseconds time{0};
    bool flag = false;
    std::string hidden;
};

const ToolInfo info{
    .name = "xva-try",
    .summary = "try things out",
    .schema = "xva-try/1",
    .formats = {Format::table, Format::tsv, Format::json},
    .columns = {"name", "size"},
    .output_option = true,
    .examples = {{"xva-try a.xva", "Try one.  '.' at the start"}, {"xva-try \\-x", ".dot"}},
    .exit_codes = {{0}, {7, "It failed. Badly"}}};

class Model : public testing::Test {
  protected:
    void SetUp() override
    {
        app.set_help_flag();
        app.option_defaults()->group("Options");
        OptionSet set(app);
        app.add_option("SRC", v.file, "What to try")->required();
        app.add_option("MORE", v.more, "And more");
        set.add_choice("-k,--kind", v.kind, {"raw", "vhd", "qcow2"}, "Kind of output");
        set.add_size("--limit", v.size, "Most memory");
        set.add_duration("--wait", v.time, "How long to wait. Then give up");
        app.add_flag("-f,--flag", v.flag, "A flag - with\\backslash");
        app.add_option("--dir", v.file, "A folder")->type_name("DIR");
        app.add_option("--hidden", v.hidden, "Not for people")->group("");
    }
    ToolModel model() { return model_of(app); }
    std::string parse(std::vector<std::string> words)
    {
        std::reverse(words.begin(), words.end());
        try {
            app.parse(words);
        } catch (const CLI::ParseError& e) {
            return e.what();
        }
        return {};
    }

    CLI::App app{"try things out", "xva-try"};
    Values v;
};

const OptionModel& option(const ToolModel& model, std::string_view name)
{
    for (const OptionModel& o : model.options)
        for (const std::string& word : spellings(o))
            if (word == name)
                return o;
    throw std::runtime_error("no option " + std::string(name));
}

TEST_F(Model, HoldsWhatWasDeclared)
{
    const ToolModel m = model();
    ASSERT_EQ(m.positionals.size(), 2U);
    EXPECT_EQ(m.positionals[0].name, "SRC");
    EXPECT_TRUE(m.positionals[0].required);
    EXPECT_FALSE(m.positionals[0].many);
    EXPECT_TRUE(m.positionals[1].many);
    EXPECT_EQ(m.options.size(), 5U) << "hidden ones are left out";
    EXPECT_EQ(spellings(option(m, "--kind")), (std::vector<std::string>{"-k", "--kind"}));
    EXPECT_EQ(choices(option(m, "--kind")), (std::vector<std::string>{"raw", "vhd", "qcow2"}));
    EXPECT_TRUE(choices(option(m, "--limit")).empty());
    EXPECT_EQ(option(m, "--limit").value, "SIZE");
    EXPECT_EQ(option(m, "--wait").value, "DURATION");
    EXPECT_EQ(option(m, "--flag").value, "");
    EXPECT_EQ(usage_line(info, m), "xva-try [OPTIONS] SRC [MORE...]");
}

TEST_F(Model, ValuesAreParsedAndRefused)
{
    EXPECT_EQ(parse({"a", "-k", "vhd", "--limit", "64M", "--wait=5m", "-f"}), "");
    EXPECT_EQ(v.kind, "vhd");
    EXPECT_EQ(v.size, 64U << 20U);
    EXPECT_EQ(v.time, std::chrono::minutes(5));
    EXPECT_TRUE(v.flag);
    EXPECT_EQ(parse({"a", "-k", "vdh"}),
              "--kind: \"vdh\" is not one of raw, vhd, qcow2; did you mean vhd?");
    EXPECT_EQ(parse({"a", "-k", "\x1b[2J"}), "--kind: \"\\x1b[2J\" is not one of raw, vhd, qcow2");
    EXPECT_NE(parse({"a", "--limit", "5ib"}).find("\"5ib\" is not a size such as 64M or 1G"),
              std::string::npos);
    EXPECT_NE(parse({"a", "--wait", "soon"}).find("\"soon\" is not a duration"), std::string::npos);
}

TEST_F(Model, Help)
{
    const std::string help = help_text(info, model());
    EXPECT_TRUE(
        help.starts_with("xva-try - try things out\n\nUsage: xva-try [OPTIONS] SRC [MORE...]\n"));
    EXPECT_NE(help.find("\n  -k, --kind raw|vhd|qcow2    Kind of output\n"), std::string::npos)
        << help;
    EXPECT_NE(help.find("\n  SRC                         What to try\n"), std::string::npos);
    EXPECT_EQ(help.find("hidden"), std::string::npos);
    for (std::size_t at = 0, end = 0; (end = help.find('\n', at)) != std::string::npos;
         at = end + 1)
        EXPECT_LE(end - at, 80U) << help.substr(at, end - at);
}

TEST_F(Model, Man)
{
    const std::string man = man_sections(info, model());
    EXPECT_TRUE(
        man.starts_with("@SYNOPSIS@\n.Nm\n.Op Ar OPTIONS\n.Ar SRC\n.Op Ar MORE ...\n@OPTIONS@\n"));
    EXPECT_NE(man.find(".It Fl k , Fl \\-kind Cm raw|vhd|qcow2\nKind of output.\n"),
              std::string::npos)
        << man;
    EXPECT_NE(man.find("How long to wait.\nThen give up.\n"), std::string::npos);
    EXPECT_NE(man.find("A flag \\- with\\ebackslash.\n"), std::string::npos);
    EXPECT_NE(man.find("\n\\&.dot:\n"), std::string::npos) << "no line may start like a request";
    EXPECT_NE(man.find(".It 7\nIt failed.\nBadly.\n"), std::string::npos);
    EXPECT_NE(man.find(".It 0\nDone, or already so.\n"), std::string::npos);
    for (const auto* section : {"@EXAMPLES@\n", "@EXIT_STATUS@\n"})
        EXPECT_NE(man.find(section), std::string::npos);
}

using Words = std::vector<std::string>;

TEST_F(Model, CompletesOptionsAndFixedValues)
{
    const auto complete = [&](const Words& words) {
        return completions(app, info, model(), words, {});
    };
    EXPECT_EQ(complete({"--ki"}), "words\n--kind\tKind of output\n");
    EXPECT_EQ(complete({"-k", ""}), "words\nraw\t\nvhd\t\nqcow2\t\n");
    EXPECT_EQ(complete({"--kind=v"}), "words\n--kind=vhd\t\n");
    EXPECT_EQ(complete({"--limit", ""}), "words\n") << "nobody can guess a size";
    EXPECT_EQ(complete({"--dir", "x"}), "files\n");
    EXPECT_EQ(complete({"--dir=x"}), "files\n");
    EXPECT_EQ(complete({""}), "files\n") << "SRC is a file";
    EXPECT_EQ(complete({"a", ""}), "words\n") << "MORE is not";
    EXPECT_EQ(complete({"--", "--ki"}), "files\n");
    EXPECT_EQ(complete({}), "files\n");
    EXPECT_EQ(complete({"--hid"}), "words\n");
}

TEST_F(Model, CompletesWhatTheToolKnows)
{
    ToolInfo knowing = info;
    knowing.completes = {"MORE"};
    std::string asked;
    const Completer names = [&](const CompletionRequest& request) -> std::vector<Candidate> {
        asked = fmt::format("{} {} {}", request.value, request.prefix, v.kind);
        if (request.prefix == "throw")
            throw std::runtime_error("no pool");
        return {{"web1", "running"}, {"web 2", "a\nb"}, {"db"}, {"we\x1b[2J"}};
    };
    EXPECT_EQ(completions(app, knowing, model(), Words{"-k", "vhd", "a", "we"}, names),
              "words\nweb1\trunning\nweb 2\ta\\nb\n");
    EXPECT_EQ(asked, "MORE we vhd") << "options typed before are known";
    EXPECT_EQ(completions(app, knowing, model(), Words{"a", "throw"}, names), "words\n");
}

TEST_F(Model, SharedOptionsDependOnTheTool)
{
    SharedChoice choice;
    declare_shared(app, info, choice);
    const ToolModel m = model();
    for (const auto* name :
         {"--format", "--json", "--fields", "--header", "--no-header", "-o", "--color", "-s",
          "--quiet", "-v", "--verbose", "-h", "--help", "--version"})
        EXPECT_NO_THROW(option(m, name)) << name;
    for (const auto* name : {"--jsonl", "--progress", "--timeout"})
        EXPECT_THROW(option(m, name), std::runtime_error) << name;
    EXPECT_EQ(choices(option(m, "--format")), (std::vector<std::string>{"table", "tsv", "json"}));
}

TEST_F(Model, SharedOptionsAreDecided)
{
    SharedChoice choice;
    declare_shared(app, info, choice);
    ASSERT_EQ(parse({"a", "--json", "--fields", "size,name", "--color=never", "-vv"}), "");
    const SharedOptions shared = decide(choice, info);
    EXPECT_EQ(shared.format, Format::json);
    EXPECT_EQ(shared.fields, (std::vector<std::string>{"size", "name"}));
    EXPECT_FALSE(shared.color);
    EXPECT_EQ(shared.verbose, 2);
    EXPECT_EQ(shared.output, "-");
    EXPECT_EQ(shared.progress, ProgressMode::none);
}

} // namespace
} // namespace xenlab::cli::test
