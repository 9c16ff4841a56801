// SPDX-License-Identifier: GPL-3.0-or-later
// A tool with verbs that exists here only.
#include "support/caught.hpp"
#include "support/scratch.hpp"

#include <xenlab/cli/verbs.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace xenlab::cli::test {
namespace {

using xenlab::test::Caught;
using xenlab::test::Scratch;

struct Globals {
    std::string context = "none";
};

void declare_globals(OptionSet& app, Globals& globals)
{
    app.add_option("-c,--context", globals.context, "Which pool")
        .type_name("CONTEXT")
        .group("Connection");
}

struct Options {
    std::vector<std::string> targets;
    bool force = false;
};

void declare(OptionSet& app, Options& o)
{
    app.add_option("VM", o.targets, "Which").required();
    app.add_flag("--force", o.force, "Do not ask");
}

int show(const Globals& globals, const Options& o, Context& context)
{
    context.out().write(fmt::format("{} {} {} {}\n", globals.context, fmt::join(o.targets, ","),
                                    o.force, name_of(context.shared.format)));
    if (o.targets.front() == "gone")
        throw Error(Errc::not_found, "no such VM");
    return 0;
}

std::vector<Candidate> complete(const Globals& globals, const CompletionRequest& request)
{
    return {{fmt::format("{}-{}", globals.context, request.value)}};
}

ToolInfo verb_info(std::string_view name)
{
    return {.name = name,
            .summary = "do it",
            .schema = "xvt.verb/1",
            .formats = {Format::tsv, Format::json},
            .examples = {{"xvt ls a", "Do it"}}};
}

struct Ran {
    int code = -1;
    std::string out, err;
};

Ran run(std::vector<std::string> words)
{
    const ToolInfo tool{.name = "xvt",
                        .summary = "try verbs",
                        .schema = "xvt/1",
                        .examples = {{"xvt ls", "Look"}},
                        .exit_codes = {{0}, {2}},
                        .completes = {"VM", "CONTEXT"}};
    const Scratch scratch;
    std::vector<char*> argv;
    words.insert(words.begin(), "xvt");
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    Ran ran;
    {
        const Caught out(STDOUT_FILENO, scratch / "out");
        const Caught err(STDERR_FILENO, scratch / "err");
        std::vector<Verb<Globals>> verbs;
        for (const auto* name : {"ls", "snap create", "snap rm", "images", "images ls"})
            verbs.push_back(make_verb<Globals, Options>(verb_info(name), declare, show));
        ran.code = run_verbs<Globals>(static_cast<int>(words.size()), argv.data(), tool,
                                      declare_globals, std::move(verbs), complete);
    }
    ran.out = scratch.get("out");
    ran.err = scratch.get("err");
    return ran;
}

TEST(Verbs, OptionsMayStandBeforeAndAfterTheVerb)
{
    EXPECT_EQ(run({"ls", "a", "b"}).out, "none a,b false tsv\n");
    EXPECT_EQ(run({"-c", "prod", "ls", "a", "--force"}).out, "prod a true tsv\n");
    EXPECT_EQ(run({"ls", "a", "--json", "-c", "prod"}).out, "prod a false json\n");
    EXPECT_EQ(run({"--context=prod", "--json", "snap", "create", "a"}).out, "prod a false json\n");
    EXPECT_EQ(run({"ls", "--", "--force"}).out, "none --force false tsv\n");
}

TEST(Verbs, ATargetMayBeCalledLikeAVerb)
{
    EXPECT_EQ(run({"ls", "ls", "snap"}).out, "none ls,snap false tsv\n");
    EXPECT_EQ(run({"images", "x"}).out, "none x false tsv\n");
    EXPECT_EQ(run({"images", "ls", "x"}).out, "none x false tsv\n");
}

TEST(Verbs, WrongOnesAreExplained)
{
    const auto error = [](std::vector<std::string> words) {
        const Ran ran = run(std::move(words));
        EXPECT_EQ(ran.code, 2);
        EXPECT_EQ(ran.out, "");
        return ran.err;
    };
    EXPECT_EQ(error({}), "xvt: error: VERB is missing\nxvt: hint: see xvt --help\n");
    EXPECT_EQ(error({"sl"}), "xvt: error: there is no verb \"sl\"\nxvt: hint: did you mean ls?\n");
    EXPECT_EQ(error({"frobnicate\x1b[2J"}), "xvt: error: there is no verb \"frobnicate\\x1b[2J\"\n"
                                            "xvt: hint: it is one of ls, snap, images\n");
    EXPECT_EQ(error({"snap"}), "xvt: error: snap takes a further verb\n"
                               "xvt: hint: it is one of create, rm\n");
    EXPECT_EQ(error({"snap", "craete"}), "xvt: error: there is no verb \"craete\"\n"
                                         "xvt: hint: did you mean create?\n");
    EXPECT_EQ(error({"ls", "a", "--forec"}),
              "xvt: error: unknown option --forec\nxvt: hint: did you mean --force?\n");
    EXPECT_EQ(error({"ls"}), "xvt: error: VM is missing\n"
                             "xvt: hint: usage: xvt ls [OPTIONS] VM...; see xvt ls --help\n");
    EXPECT_EQ(error({"--no-such-option", "x"}).substr(0, 42),
              "xvt: error: unknown option --no-such-optio");
}

TEST(Verbs, AFailureHasTheSchemaOfItsVerb)
{
    const Ran ran = run({"ls", "gone", "--json"});
    EXPECT_EQ(ran.code, 3);
    EXPECT_NE(ran.out.find("\"schema\": \"xvt.verb/1\""), std::string::npos) << ran.out;
    EXPECT_EQ(ran.err, "xvt: error: no such VM\n");
}

TEST(Verbs, HelpOfTheToolAndOfAVerb)
{
    const std::string tool = run({"--help"}).out;
    EXPECT_NE(tool.find("\nUsage: xvt [OPTIONS] VERB ...\n"), std::string::npos) << tool;
    EXPECT_NE(tool.find("\n  snap create                 do it\n"), std::string::npos);
    EXPECT_NE(tool.find("\nConnection:\n  -c, --context CONTEXT "), std::string::npos);
    EXPECT_EQ(tool.find("--force"), std::string::npos) << "that belongs to verbs";
    const std::string verb = run({"-c", "x", "snap", "create", "--help"}).out;
    EXPECT_NE(verb.find("\nUsage: xvt snap create [OPTIONS] VM...\n"), std::string::npos) << verb;
    EXPECT_NE(verb.find("--force"), std::string::npos);
    EXPECT_NE(verb.find("man xvt;"), std::string::npos);
    EXPECT_EQ(run({"--generate", "verbs"}).out, "ls\nsnap create\nsnap rm\nimages\nimages ls\n");
}

TEST(Verbs, ManualListsThem)
{
    const std::string man = run({"--generate", "man"}).out;
    EXPECT_NE(man.find("@VERBS@\n.Bl -tag -width Ds\n.It Cm ls Ar VM ...\nDo it.\n"),
              std::string::npos)
        << man;
    EXPECT_NE(man.find(".It Fl \\-force\n"), std::string::npos);
    EXPECT_NE(man.find(".Ar VERB\n"), std::string::npos);
}

TEST(Verbs, Completion)
{
    const auto tab = [](std::vector<std::string> words) {
        words.insert(words.begin(), "__complete");
        const Ran ran = run(std::move(words));
        EXPECT_EQ(ran.code, 0);
        return ran.out;
    };
    EXPECT_EQ(tab({""}), "words\nls\tdo it\nsnap\t...\nimages\tdo it\n");
    EXPECT_EQ(tab({"snap", ""}), "words\ncreate\tdo it\nrm\tdo it\n");
    EXPECT_EQ(tab({"sn"}), "words\nsnap\t...\n");
    EXPECT_EQ(tab({"--cont"}), "words\n--context\tWhich pool\n");
    EXPECT_EQ(tab({"-c", ""}), "words\nnone-CONTEXT\t\n");
    EXPECT_EQ(tab({"ls", "--fo"}),
              "words\n--force\tDo not ask\n--format\tOutput format; by default "
              "table on a terminal and tsv in a pipe\n");
    EXPECT_EQ(tab({"-c", "prod", "ls", "a", ""}), "words\nprod-VM\t\n") << "with that context";
    EXPECT_EQ(tab({"ls", "--context", "lab", "l"}), "words\nlab-VM\t\n");
    EXPECT_EQ(tab({"nosuch", ""}), "words\n");
}

} // namespace
} // namespace xenlab::cli::test
