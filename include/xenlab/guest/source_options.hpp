// SPDX-License-Identifier: GPL-3.0-or-later
// What the tools for files in guests have in common on their command lines.
#pragma once

#include <xenlab/cli/context.hpp>
#include <xenlab/cli/options.hpp>
#include <xenlab/cli/progress.hpp>
#include <xenlab/guest/session.hpp>

#include <cstdint>
#include <string>

namespace xenlab::guest {

struct SourceOptions {
    std::string source;
    std::string disk;
    bool no_spool = false;
    std::uint64_t memory_limit = 128ULL << 20U;
};

/// DISKSRC; to be declared before other arguments.
void declare_source(cli::OptionSet& options, SourceOptions& o);
/// --disk, --memory-limit and, for tools that only read, --no-spool.
void declare_source_options(cli::OptionSet& options, SourceOptions& o, bool reads_only);

/// With warnings and notes going to the context, and progress while a stream is spooled. Borrows
/// both.
SessionOptions session_options(const SourceOptions& o, const cli::Context& context,
                               cli::Progress& progress);

} // namespace xenlab::guest
