// SPDX-License-Identifier: GPL-3.0-or-later
// The options that all tools share: declared, and then decided upon (terminal or pipe,
// environment).
#pragma once

#include <xenlab/cli/tool.hpp>

#include <chrono>
#include <string>

namespace xenlab::cli {

/// As typed; empty means "not given".
struct SharedChoice {
    std::string format;
    bool json = false;
    bool jsonl = false;
    bool ids = false;
    bool nul = false;
    std::string fields;
    bool header = false;
    bool no_header = false;
    std::string output;
    std::string color = "auto";
    std::string progress = "auto";
    int progress_fd = 2;
    int verbose = 0;
    bool quiet = false;
    bool help = false;    ///< acted upon before parsing
    bool version = false; ///< the same
    std::chrono::milliseconds timeout{0};
};

/// -o, --progress and --timeout, as far as `info` wants them; in a tool with verbs they belong to
/// the verb.
void declare_streams(CLI::App& app, const ToolInfo& info, SharedChoice& choice);
/// Formats, colours, --quiet, --verbose, --help, --version.
void declare_common(CLI::App& app, const ToolInfo& info, SharedChoice& choice);
/// Both.
void declare_shared(CLI::App& app, const ToolInfo& info, SharedChoice& choice);

/// flag > XENLAB_FORMAT > table on a terminal, TSV in a pipe (the tool's first format if it has no
/// table).
SharedOptions decide(const SharedChoice& choice, const ToolInfo& info);

} // namespace xenlab::cli
