// SPDX-License-Identifier: GPL-3.0-or-later
// The scripts that shells load. They know nothing of options: they ask the tool (complete.hpp), so
// they cannot be out of date.
#include "model.hpp"

#include <algorithm>

namespace xenlab::cli {
namespace {

constexpr std::string_view bash = R"(# bash completion for @TOOL@
# SPDX-License-Identifier: GPL-3.0-or-later
# Written by "@TOOL@ --generate bash"; do not edit.

_@FUNCTION@()
{
    local words=() reply=() word cur typed quoted i
    # bash splits at "=" and ":"; what it split is one word here.
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]//[\\\"\']/}
        if ((i > 1)) && [[ $word == [=:]* || ${words[-1]} == *[=:] ]]; then
            words[-1]+=$word
        else
            words+=("$word")
        fi
    done
    cur=${words[-1]}
    typed=${COMP_WORDS[COMP_CWORD]//[\\\"\']/}
    [[ $typed == [=:] ]] && typed=
    mapfile -t reply < <("${COMP_WORDS[0]}" __complete "${words[@]}" 2>/dev/null)
    COMPREPLY=()
    for word in "${reply[@]:1}"; do
        word=${word%%$'\t'*}
        quoted=${word#"${cur%"$typed"}"}
        [[ $quoted == *[^A-Za-z0-9_.,:/=@%+-]* ]] && printf -v quoted %q "$quoted"
        COMPREPLY+=("$quoted")
        [[ $word == *[=:/,] ]] && compopt -o nospace 2>/dev/null
    done
    if [[ ${reply[0]} == files ]]; then
        ((${#COMPREPLY[@]})) || compopt -o filenames 2>/dev/null
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$typed")
    fi
}
complete -F _@FUNCTION@ @TOOL@
)";

constexpr std::string_view zsh = R"(#compdef @TOOL@
# zsh completion for @TOOL@
# SPDX-License-Identifier: GPL-3.0-or-later
# Written by "@TOOL@ --generate zsh"; do not edit.

_@FUNCTION@()
{
    local -a reply candidates
    local line tab=$'\t'
    reply=("${(@f)$("${(Q)words[1]}" __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
    for line in "${(@)reply[2,-1]}"; do
        candidates+=("${${line%%$tab*}//:/\\:}:${line#*$tab}")
    done
    (($#candidates)) && _describe @TOOL@ candidates
    if [[ $reply[1] == files ]]; then
        compset -P '-*='
        _files
    fi
}
_@FUNCTION@ "$@"
)";

constexpr std::string_view fish = R"(# fish completion for @TOOL@
# SPDX-License-Identifier: GPL-3.0-or-later
# Written by "@TOOL@ --generate fish"; do not edit.

function __@FUNCTION@_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l reply ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
    if test "$reply[1]" = files
        set -l part (string replace -r -- '^-[^=]*=' '' "$current")
        set -l head (string sub -l (math (string length -- "$current") - (string length -- "$part")) -- "$current")
        for path in (__fish_complete_path "$part")
            echo $head$path
        end
    end
    string join \n -- $reply[2..-1]
end
complete -c @TOOL@ -f -a '(__@FUNCTION@_complete)'
)";

void replace_all(std::string& text, std::string_view what, std::string_view by)
{
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
        text.replace(at, what.size(), by);
}

} // namespace

std::string completion_script(std::string_view tool, std::string_view shell)
{
    std::string text(shell == "bash" ? bash : shell == "zsh" ? zsh : shell == "fish" ? fish : "");
    std::string function(tool);
    std::replace(function.begin(), function.end(), '-', '_');
    replace_all(text, "@TOOL@", tool);
    replace_all(text, "@FUNCTION@", function);
    return text;
}

} // namespace xenlab::cli
