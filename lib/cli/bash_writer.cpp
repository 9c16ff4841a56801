// SPDX-License-Identifier: GPL-3.0-or-later
#include "model.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::cli {
namespace {

bool names_a_file(const std::string& value)
{
    return value == "FILE" || value == "DIR";
}

std::string case_for(const OptionModel& option, const ToolInfo& info)
{
    if (option.value.empty())
        return {};
    const auto values = choices(option);
    std::string action = ":";             // a value nobody can guess
    if (option.longs.front() == "fields") // the part after the last comma
        action = fmt::format(
            "local chosen=; [[ $cur == *,* ]] && chosen=${{cur%,*}},\n            "
            "mapfile -t COMPREPLY < <(compgen -P \"$chosen\" -W '{}' -- \"${{cur##*,}}\")",
            fmt::join(info.columns, " "));
    else if (!values.empty())
        action = fmt::format("mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\")",
                             fmt::join(values, " "));
    else if (names_a_file(option.value))
        action = "compopt -o filenames 2>/dev/null\n            "
                 "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")";
    return fmt::format("        {})\n            {}\n            return ;;\n",
                       fmt::join(spellings(option), " | "), action);
}

} // namespace

std::string bash_completion(const ToolInfo& info, const ToolModel& model)
{
    std::string function = "_" + std::string(info.name);
    std::replace(function.begin(), function.end(), '-', '_');
    std::vector<std::string> words;
    std::string cases;
    for (const OptionModel& option : model.options) {
        for (const std::string& spelling : spellings(option))
            if (spelling.starts_with("--"))
                words.push_back(spelling);
        cases += case_for(option, info);
    }
    return fmt::format(R"(# bash completion for {0}
# Written by "{0} --generate bash"; do not edit.

{1}()
{{
    local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}}
    # bash splits --option=value at the "=".
    if [[ $cur == "=" ]]; then
        cur=
    elif [[ $prev == "=" ]]; then
        prev=${{COMP_WORDS[COMP_CWORD - 2]}}
    fi
    COMPREPLY=()
    case $prev in
{2}    esac
    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '{3}' -- "$cur")
    else
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    fi
}}
complete -F {1} {0}
)",
                       info.name, function, cases, fmt::join(words, " "));
}

} // namespace xenlab::cli
