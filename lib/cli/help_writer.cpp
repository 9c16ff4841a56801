// SPDX-License-Identifier: GPL-3.0-or-later
#include "model.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::cli {
namespace {

constexpr std::size_t left_width = 30;
constexpr std::size_t page_width = 80;

/// `text` broken at blanks, each further line indented.
std::string wrapped(std::string_view text, std::size_t indent)
{
    std::string out;
    std::size_t column = indent;
    for (const std::string_view word : text::split(text, ' ')) {
        if (column > indent && column + 1 + word.size() > page_width) {
            out += "\n" + std::string(indent, ' ');
            column = indent;
        } else if (column > indent) {
            out += ' ';
            ++column;
        }
        out += word;
        column += word.size();
    }
    return out;
}

std::string entry(const std::string& left, std::string_view description)
{
    std::string line = "  " + left;
    if (line.size() + 2 > left_width)
        line += "\n" + std::string(left_width, ' ');
    else
        line.resize(left_width, ' ');
    return line + wrapped(description, left_width) + "\n";
}

std::string verb_list(const ToolModel& model)
{
    std::string out = "\nVerbs:\n";
    for (const VerbModel& verb : model.verbs)
        out += entry(std::string(verb.info.name), verb.info.summary);
    return out;
}

std::string option_groups(const ToolModel& model)
{
    std::string out;
    std::vector<std::string> groups;
    for (const OptionModel& option : model.options)
        if (std::find(groups.begin(), groups.end(), option.group) == groups.end())
            groups.push_back(option.group);
    for (const std::string& group : groups) {
        out += fmt::format("\n{}:\n", group);
        for (const OptionModel& option : model.options) {
            if (option.group != group)
                continue;
            std::string left = fmt::format("{}", fmt::join(spellings(option), ", "));
            if (!option.value.empty())
                left += " " + option.value;
            out += entry(left, option.description);
        }
    }
    return out;
}

} // namespace

std::string help_text(const ToolInfo& info, const ToolModel& model)
{
    std::string out =
        fmt::format("{} - {}\n\nUsage: {}\n", info.name, info.summary, usage_line(info, model));
    if (!info.examples.empty())
        out += "\nExamples:\n";
    for (const Example& example : info.examples)
        out += fmt::format("  {}\n      {}\n", example.command, example.what);
    if (!model.verbs.empty())
        out += verb_list(model);
    if (!model.positionals.empty())
        out += "\nArguments:\n";
    for (const PositionalModel& p : model.positionals)
        out += entry(p.name, p.description);
    out += option_groups(model);
    const std::string_view tool = info.name.substr(0, info.name.find(' '));
    if (!model.verbs.empty())
        out += fmt::format("\nOptions of a verb: {} VERB --help\n", tool);
    return out +
           fmt::format("\nMore in the manual: man {}; exit codes: man xenlab-exit-codes\n", tool);
}

} // namespace xenlab::cli
