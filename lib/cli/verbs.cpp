// SPDX-License-Identifier: GPL-3.0-or-later
// Tools with verbs. A command line belongs to one verb, so only that verb's options are declared
// and parsed: a name that is also a verb ("xvm start ls") cannot be misunderstood.
#include "complete.hpp"
#include "frame.hpp"
#include "verb_words.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace xenlab::cli {
namespace {

/// One verb's command line, ready to parse.
struct Line {
    std::string name; ///< "xvm snap create"
    ToolInfo info;
    SharedChoice choice;
    std::unique_ptr<CLI::App> app;
    ToolModel model;

    Line(const VerbTool& tool, const AnyVerb& verb)
        : name(fmt::format("{} {}", tool.info().name, verb.info.name)), info(verb.info)
    {
        info.name = name;
        info.completes = tool.info().completes;
        app = new_app(name);
        declare_on(*app, verb.declare);
        declare_on(*app, tool.declare_globals());
        declare_shared(*app, info, choice);
        model = model_of(*app);
    }
};

std::string complete_words(const VerbTool& tool, std::span<const std::string> words,
                           const Completer& complete)
{
    const std::string current = words.empty() ? "" : words.back();
    const Called called = take_apart(tool, words.first(words.empty() ? 0 : words.size() - 1));
    if (called.decided(tool)) {
        Line line(tool, *called.verb);
        std::vector<std::string> rest = called.rest;
        rest.push_back(current);
        return completions(*line.app, line.info, line.model, rest, complete);
    }
    const bool value = !called.rest.empty() && takes_value(tool.global(), called.rest.back());
    if (called.typed.empty() && (value || current.starts_with('-'))) {
        const auto app = new_app(tool.info().name);
        SharedChoice choice;
        declare_on(*app, tool.declare_globals());
        declare_common(*app, tool.info(), choice);
        std::vector<std::string> rest = called.rest;
        rest.push_back(current);
        return completions(*app, tool.info(), tool.global(), rest, complete);
    }
    return completion_answer(current, next_words(tool, called), false);
}

std::string verb_names(const VerbTool& tool)
{
    std::string out;
    for (const AnyVerb& verb : tool.verbs())
        out += std::string(verb.info.name) + "\n";
    return out;
}

int run_line(const VerbTool& tool, const Called& called)
{
    Line line(tool, *called.verb);
    if (asks_for(called.rest, "--help") || asks_for(called.rest, "-h"))
        return print(help_text(line.info, line.model));
    SharedOptions shared;
    try {
        parse(*line.app, called.rest);
        shared = decide(line.choice, line.info);
    } catch (const CLI::ParseError& error) {
        throw usage_error(*line.app, line.info, line.model, error);
    }
    return run_body(tool.info(), line.info.schema, std::move(shared), called.verb->body);
}

/// Without a verb, a wrong option in front of it is what is wrong.
void check_globals(const VerbTool& tool, const Called& called)
{
    const auto app = new_app(tool.info().name);
    SharedChoice choice;
    declare_on(*app, tool.declare_globals());
    declare_common(*app, tool.info(), choice);
    try {
        parse(*app, {called.rest.begin(),
                     called.rest.begin() + static_cast<std::ptrdiff_t>(called.in_front)});
    } catch (const CLI::ParseError& error) {
        throw usage_error(*app, tool.info(), tool.whole_model(), error);
    }
}

int live(const VerbTool& tool, std::span<const std::string> words, const Completer& complete)
{
    if (!words.empty() && words.front() == "__complete")
        return print(complete_words(tool, words.subspan(1), complete));
    if (words.size() == 2 && words.front() == "--generate")
        return print(words.back() == "verbs"
                         ? verb_names(tool)
                         : generated(tool.info(), tool.whole_model(), words.back()));
    const Called called = take_apart(tool, words);
    if (asks_for(words, "--version"))
        return print(fmt::format("{} {}\n", tool.info().name, XENLAB_VERSION));
    if (called.verb != nullptr)
        return run_line(tool, called);
    if (asks_for(words, "--help") || asks_for(words, "-h"))
        return print(help_text(tool.info(), tool.whole_model()));
    check_globals(tool, called);
    throw no_such_verb(tool, called);
}

} // namespace

int run_any_verbs(int argc, char** argv, const ToolInfo& info, const Declare& declare_globals,
                  const std::vector<AnyVerb>& verbs, const Completer& complete)
{
    const std::vector<std::string> words = words_of(argc, argv);
    return guarded(info, words, [&] {
        const VerbTool tool(info, declare_globals, verbs);
        return live(tool, words, complete);
    });
}

} // namespace xenlab::cli
