// SPDX-License-Identifier: GPL-3.0-or-later
// What tools with and without verbs have in common around their bodies: messages, failures, exit
// codes.
#pragma once

#include "model.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/cli/tool.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace CLI {
class App;
class ParseError;
} // namespace CLI

namespace xenlab::cli {

/// Writes to standard output; returns 0.
int print(std::string_view text);

/// What --generate WHAT prints. Throws Error{usage} for anything unknown.
std::string generated(const ToolInfo& info, const ToolModel& model, std::string_view what);

/// CLI11's words for a wrong command line, made like our other messages. `info.name` is what was
/// called, with its verb.
Error usage_error(const CLI::App& app, const ToolInfo& info, const ToolModel& model,
                  const CLI::ParseError& error);

/// The words that go to a parser: without the program's name, in the order that CLI11 wants.
void parse(CLI::App& app, std::vector<std::string> words);
/// CLI11 takes a word "[a,b]" of a list for the two words a and b; so parse() writes this in front,
/// and options take it away.
inline constexpr std::string_view no_list = "\x1fno list\x1f";

/// Whether that option stands in front of a "--".
bool asks_for(std::span<const std::string> words, std::string_view option);

/// Reports a failure on standard error, and as a document when `format` is JSON; returns the exit
/// code.
int fail(const ToolInfo& tool, std::string_view schema, Format format, const Error& error);

/// Calls a body with signals watched. `name` is the tool's.
int run_body(const ToolInfo& tool, std::string_view schema, SharedOptions shared,
             const std::function<int(Context&)>& body);

/// The whole life of a tool: nothing is thrown out of it.
int guarded(const ToolInfo& tool, std::span<const std::string> words,
            const std::function<int()>& life);

/// argv without the program's name.
std::vector<std::string> words_of(int argc, char** argv);

} // namespace xenlab::cli
