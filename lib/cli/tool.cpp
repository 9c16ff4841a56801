// SPDX-License-Identifier: GPL-3.0-or-later
// Tools without verbs.
#include "complete.hpp"
#include "frame.hpp"
#include "shared_options.hpp"

#include <xenlab/cli/tool.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace xenlab::cli {
namespace {

int live(std::span<const std::string> words, const ToolInfo& info,
         const std::function<void(OptionSet&)>& declare, const std::function<int(Context&)>& body,
         const Completer& complete)
{
    CLI::App app{std::string(info.summary), std::string(info.name)};
    app.set_help_flag(); // ours prints examples, too
    app.option_defaults()->group("Options");
    OptionSet set(app);
    declare(set);
    SharedChoice choice;
    declare_shared(app, info, choice);
    const ToolModel model = model_of(app);
    if (!words.empty() && words.front() == "__complete")
        return print(completions(app, info, model, words.subspan(1), complete));
    if (asks_for(words, "--help") || asks_for(words, "-h"))
        return print(help_text(info, model));
    if (asks_for(words, "--version"))
        return print(fmt::format("{} {}\n", info.name, XENLAB_VERSION));
    if (words.size() == 2 && words.front() == "--generate")
        return print(generated(info, model, words.back()));
    SharedOptions shared;
    try {
        parse(app, {words.begin(), words.end()});
        shared = decide(choice, info);
    } catch (const CLI::ParseError& error) {
        throw usage_error(app, info, model, error);
    }
    return run_body(info, info.schema, std::move(shared), body);
}

} // namespace

int run_tool(int argc, char** argv, const ToolInfo& info,
             const std::function<void(OptionSet&)>& declare,
             const std::function<int(Context&)>& body, const Completer& complete)
{
    const std::vector<std::string> words = words_of(argc, argv);
    return guarded(info, words, [&] { return live(words, info, declare, body, complete); });
}

} // namespace xenlab::cli
