// SPDX-License-Identifier: GPL-3.0-or-later
// Tools with verbs ("xvm snap create"): one file a verb, one list of them in main.cpp.
//
//   // tools/xvm/ls.cpp
//   struct Options { std::vector<std::string> targets; };
//   void declare(cli::OptionSet& options, Options& o);                    // no I/O
//   int run(const Globals& globals, const Options& o, cli::Context& context);
//   cli::Verb<Globals> ls_verb() { return cli::make_verb<Globals, Options>(info, declare, run); }
//
//   // tools/xvm/main.cpp
//   return cli::run_verbs<Globals>(argc, argv, tool, declare_globals, {ls_verb(), …}, complete);
#pragma once

#include <xenlab/cli/tool.hpp>

#include <memory>

namespace xenlab::cli {

/// One verb. In its ToolInfo `name` is the verb's words ("ls", "snap create"), `schema` that of its
/// documents ("xvm.ls/1"), and formats, columns, options and examples are its own; exit codes
/// belong to the tool.
template <typename Globals>
struct Verb {
    ToolInfo info;
    std::function<void(OptionSet&)> declare;
    std::function<int(const Globals&, Context&)> body;
};

/// `declare` binds the verb's options, `body` does the work: as in cli::run, and besides gets the
/// options that all verbs of the tool share.
template <typename Globals, typename Options>
Verb<Globals> make_verb(ToolInfo info, void (*declare)(OptionSet&, Options&),
                        int (*body)(const Globals&, const Options&, Context&))
{
    auto options = std::make_shared<Options>();
    return {std::move(info), [options, declare](OptionSet& set) { declare(set, *options); },
            [options, body](const Globals& globals, Context& context) {
                return body(globals, *options, context);
            }};
}

/// The same without knowing the types; use run_verbs.
struct AnyVerb {
    ToolInfo info;
    std::function<void(OptionSet&)> declare;
    std::function<int(Context&)> body;
};
int run_any_verbs(int argc, char** argv, const ToolInfo& tool,
                  const std::function<void(OptionSet&)>& declare_globals,
                  const std::vector<AnyVerb>& verbs, const Completer& complete);

/// Runs a tool with verbs. The verb is the first word that is no option; options that all verbs
/// share (`declare_globals`, and --format, --quiet…) may stand before it or anywhere after it.
/// `tool` gives name, summary, examples and exit codes; its schema is used for failures before a
/// verb is known. `complete` offers values of the kinds in tool.completes (see cli/tool.hpp); the
/// global options that were typed already are filled in as far as they make sense.
template <typename Globals>
int run_verbs(
    int argc, char** argv, const ToolInfo& tool, void (*declare_globals)(OptionSet&, Globals&),
    std::vector<Verb<Globals>> verbs,
    std::function<std::vector<Candidate>(const Globals&, const CompletionRequest&)> complete = {})
{
    Globals globals;
    std::vector<AnyVerb> any;
    for (Verb<Globals>& verb : verbs)
        any.push_back({std::move(verb.info), std::move(verb.declare),
                       [&globals, body = std::move(verb.body)](Context& context) {
                           return body(globals, context);
                       }});
    Completer completer;
    if (complete)
        completer = [&](const CompletionRequest& request) { return complete(globals, request); };
    return run_any_verbs(
        argc, argv, tool, [&](OptionSet& set) { declare_globals(set, globals); }, any, completer);
}

} // namespace xenlab::cli
