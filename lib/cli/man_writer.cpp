// SPDX-License-Identifier: GPL-3.0-or-later
// The generated parts of a man page, in mdoc(7). cmake/generate.py puts them into man/TOOL.1.in.
#include "model.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace xenlab::cli {
namespace {

/// Text that mdoc takes as it is: backslashes escaped, no line that starts like a request.
std::string escaped(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else
            out += c;
    }
    if (!out.empty() && (out.front() == '.' || out.front() == '\''))
        out.insert(0, "\\&");
    return out;
}

std::string sentence(std::string_view description)
{
    std::string text = escaped(description);
    if (!text.ends_with('.'))
        text += '.';
    // mdoc wants each sentence on a line of its own.
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool end = text[i] == '.' && i + 2 < text.size() && text[i + 1] == ' ' &&
                         text[i + 2] >= 'A' && text[i + 2] <= 'Z';
        out += text[i];
        if (end) {
            out += '\n';
            ++i;
        }
    }
    return out;
}

char upper(char c)
{
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

std::string flag_macro(const std::string& spelling)
{
    return "Fl " + escaped(spelling.substr(1));
}

std::string value_macros(const OptionModel& option)
{
    if (option.value.empty())
        return {};
    const bool fixed = option.value.find('|') != std::string::npos;
    return fmt::format(" {} {}", fixed ? "Cm" : "Ar", escaped(option.value));
}

std::string item(const OptionModel& option)
{
    std::string head;
    for (const std::string& spelling : spellings(option))
        head += (head.empty() ? "" : " , ") + flag_macro(spelling);
    return fmt::format(".It {}{}\n{}\n", head, value_macros(option), sentence(option.description));
}

std::string option_list(const ToolModel& model)
{
    std::string out;
    for (const OptionModel& option : model.options)
        out += item(option);
    return out.empty() ? out : fmt::format(".Bl -tag -width Ds\n{}.El\n", out);
}

std::string arguments(const ToolModel& model)
{
    std::string out;
    for (const PositionalModel& p : model.positionals)
        out += fmt::format(" {}{}{}", p.required ? "Ar " : "Op Ar ", escaped(p.name),
                           p.many ? " ..." : "");
    return out;
}

/// Options that several verbs share have a heading of their own; they are listed once, not with
/// each verb.
bool is_own(const OptionModel& option)
{
    return option.group == "Options" || option.group == "Shared options";
}

std::vector<std::string> other_groups(const ToolModel& verb)
{
    std::vector<std::string> groups;
    for (const OptionModel& option : verb.options)
        if (!is_own(option) &&
            std::find(groups.begin(), groups.end(), option.group) == groups.end())
            groups.push_back(option.group);
    return groups;
}

std::string group_lists(const ToolModel& tool)
{
    std::vector<std::string> order;
    std::map<std::string, ToolModel> groups;
    std::set<std::pair<std::string, std::string>> seen;
    for (const VerbModel& verb : tool.verbs)
        for (const OptionModel& option : verb.model.options) {
            if (is_own(option) || !seen.emplace(option.group, spellings(option).back()).second)
                continue;
            if (!groups.contains(option.group))
                order.push_back(option.group);
            groups[option.group].options.push_back(option);
        }
    std::string out;
    for (const std::string& group : order)
        out += fmt::format(".Ss {}\n{}", escaped(group), option_list(groups[group]));
    return out;
}

/// `said` holds the arguments that were explained at an earlier verb.
std::string verb_item(const VerbModel& verb, std::set<std::string>& said)
{
    std::string out = fmt::format(".It Cm {}{}\n{}\n", escaped(verb.info.name),
                                  arguments(verb.model), sentence(verb.info.summary));
    out[out.find('\n') + 1] = upper(out[out.find('\n') + 1]);
    for (const PositionalModel& p : verb.model.positionals)
        if (!p.description.empty() && said.insert(p.name + p.description).second)
            out += fmt::format(".Ar {} :\n{}\n", escaped(p.name), sentence(p.description));
    if (!verb.info.columns.empty())
        out += fmt::format("Columns: {}.\n",
                           escaped(fmt::format("{}", fmt::join(verb.info.columns, ", "))));
    for (const std::string& group : other_groups(verb.model))
        out += fmt::format("See also\n.Sx {} .\n", escaped(group));
    ToolModel own;
    for (const OptionModel& option : verb.model.options)
        if (is_own(option))
            own.options.push_back(option);
    return out + option_list(own);
}

std::string synopsis(const ToolModel& model)
{
    if (!model.verbs.empty())
        return ".Nm\n.Op Ar OPTIONS\n.Ar VERB\n.Op Ar ARGUMENT ...\n";
    std::string out = ".Nm\n.Op Ar OPTIONS\n";
    for (const PositionalModel& p : model.positionals)
        out +=
            fmt::format("{} {}{}\n", p.required ? ".Ar" : ".Op Ar", p.name, p.many ? " ..." : "");
    return out;
}

std::string examples(const ToolInfo& info)
{
    std::string out;
    for (const Example& example : info.examples)
        out += fmt::format("{}:\n.Bd -literal -offset indent\n{}\n.Ed\n.Pp\n",
                           escaped(example.what), escaped(example.command));
    return out;
}

} // namespace

std::string man_sections(const ToolInfo& info, const ToolModel& model)
{
    std::string out = "@SYNOPSIS@\n" + synopsis(model);
    if (!model.verbs.empty())
        out += "@VERBS@\n.Bl -tag -width Ds\n";
    std::set<std::string> said;
    for (const VerbModel& verb : model.verbs)
        out += verb_item(verb, said);
    if (!model.verbs.empty())
        out += ".El\n";
    out += "@OPTIONS@\n" + option_list(model) + group_lists(model) + "@EXAMPLES@\n";
    std::string shown = examples(info);
    for (const VerbModel& verb : model.verbs)
        shown += examples(verb.info);
    if (!shown.empty())
        shown.resize(shown.size() - 4); // the .Pp after the last one
    out += shown + "@EXIT_STATUS@\n.Bl -tag -width Ds\n";
    for (const ExitCode& code : info.exit_codes)
        out += fmt::format(
            ".It {}\n{}\n", code.code,
            sentence(code.meaning.empty() ? exit_code_meaning(code.code) : code.meaning));
    return out + ".El\n";
}

} // namespace xenlab::cli
