# fish completion for xva-put
# SPDX-License-Identifier: GPL-3.0-or-later
# Written by "xva-put --generate fish"; do not edit.

function __xva_put_complete
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
complete -c xva-put -f -a '(__xva_put_complete)'
