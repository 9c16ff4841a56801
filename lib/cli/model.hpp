// SPDX-License-Identifier: GPL-3.0-or-later
// A tool's options as plain data, taken from its CLI::App: the one truth behind --help, the man
// page and the completions.
#pragma once

#include <xenlab/cli/tool.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace xenlab::cli {

struct OptionModel {
    std::vector<std::string> shorts; ///< "o"
    std::vector<std::string> longs;  ///< "output"
    std::string value;               ///< "FILE", "table|tsv"; empty for a flag
    std::string description;
    std::string group;
};

struct PositionalModel {
    std::string name;
    std::string description;
    bool required = false;
    bool many = false;
};

struct VerbModel;

struct ToolModel {
    std::vector<OptionModel> options; ///< without hidden ones
    std::vector<PositionalModel> positionals;
    std::vector<VerbModel> verbs; ///< of a tool with verbs, whose options are those of all of them
};

/// A verb with the options that are only its own.
struct VerbModel {
    ToolInfo info;
    ToolModel model;
};

ToolModel model_of(const CLI::App& app);

/// Every spelling with its dashes: "-o", "--output".
std::vector<std::string> spellings(const OptionModel& option);

/// The fixed values of "table|tsv|json"; empty when anything goes.
std::vector<std::string> choices(const OptionModel& option);

std::string usage_line(const ToolInfo& info, const ToolModel& model);

// The writers: one text each, ready to print.
std::string help_text(const ToolInfo& info, const ToolModel& model);
std::string man_sections(const ToolInfo& info, const ToolModel& model);
/// `shell` is bash, zsh or fish; empty for others.
std::string completion_script(std::string_view tool, std::string_view shell);

} // namespace xenlab::cli
