// SPDX-License-Identifier: GPL-3.0-or-later
// The frame of every executable: options that all tools share, output formats, errors, signals and
// exit codes are handled here once, so that a tool is a struct of options, a declare() and a run().
#pragma once

#include <xenlab/base/error.hpp>
#include <xenlab/cli/context.hpp>
#include <xenlab/cli/options.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::cli {

/// A command line for --help and the man page. A test runs it in a folder with the sample files it
/// names.
struct Example {
    std::string_view command;
    std::string_view what;
};

/// An exit code that the tool uses, with words of its own or the usual ones if empty.
struct ExitCode {
    int code;
    std::string_view meaning = {};
};

struct ToolInfo {
    std::string_view name;
    std::string_view summary; ///< "print the partition tables of a disk", lower case, no full stop
    std::string_view schema;  ///< of JSON documents: "xva-mbr/1"
    std::vector<Format> formats; ///< those offered by --format; the first one is used on a terminal
    std::vector<std::string_view> columns; ///< of table and tsv: what --fields chooses from
    bool output_option = false;            ///< -o FILE
    bool progress_option = false;          ///< --progress, --progress-fd
    bool timeout_option = false;           ///< --timeout
    std::vector<Example> examples;
    std::vector<ExitCode> exit_codes;
    /// Names of values ("VM", "SR") that complete with what the tool's Completer knows; other
    /// values complete as files.
    std::vector<std::string_view> completes = {};
};

/// What could stand at the cursor.
struct Candidate {
    std::string word;
    std::string description = {}; ///< shown by zsh and fish
};

/// TAB on a value whose name is in ToolInfo::completes.
struct CompletionRequest {
    std::string_view value;  ///< "VM"
    std::string_view prefix; ///< what was typed of it; candidates that do not match are dropped
    std::vector<std::string> words; ///< everything typed before it, without the tool's name
};

/// Must answer within a fraction of a second and never ask a person; what it throws means
/// "nothing".
using Completer = std::function<std::vector<Candidate>(const CompletionRequest&)>;

/// Runs a tool: `declare` binds options (no I/O), `body` does the work and returns an exit code (0,
/// or a verdict such as 7); failures are thrown as xenlab::Error. Never throws. May not return: a
/// signal or a closed pipe ends the process the way the shell expects.
int run_tool(int argc, char** argv, const ToolInfo& info,
             const std::function<void(OptionSet&)>& declare,
             const std::function<int(Context&)>& body, const Completer& complete = {});

/// Tools with verbs: cli/verbs.hpp. For `complete` the options typed so far are filled in.
template <typename Options>
int run(int argc, char** argv, const ToolInfo& info, void (*declare)(OptionSet&, Options&),
        int (*body)(const Options&, Context&),
        std::vector<Candidate> (*complete)(const Options&, const CompletionRequest&) = nullptr)
{
    Options options;
    Completer completer;
    if (complete != nullptr)
        completer = [&](const CompletionRequest& request) { return complete(options, request); };
    return run_tool(
        argc, argv, info, [&](OptionSet& set) { declare(set, options); },
        [&](Context& context) { return body(options, context); }, completer);
}

/// The usual words for an exit code.
std::string_view exit_code_meaning(int code);

} // namespace xenlab::cli
