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

void declare_shared(CLI::App& app, const ToolInfo& info, SharedChoice& choice);

/// flag > XENLAB_FORMAT > table on a terminal, TSV in a pipe (the tool's first format if it has no
/// table).
SharedOptions decide(const SharedChoice& choice, const ToolInfo& info);

} // namespace xenlab::cli
