#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The completions that are installed, in a real bash: typed -> offered.
. "$LIB"
complete_line() { # WORD... (the last one is being typed)
    bash --norc -c '
        source "$1"; shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
        "$(complete -p "$1" | sed "s/.*-F \([^ ]*\).*/\1/")" 2>/dev/null
        printf "%s\n" "${COMPREPLY[@]}"' bash "$ROOT/completions/bash/$1" "$@" | sort | paste -sd' '
}
touch "with space.xva" web1.xva
complete_line xva-mbr --format j
complete_line xva-mbr --format = j
complete_line xva-mbr --js
complete_line xva-mbr we
complete_line xva-mbr wi
complete_line xva-mbr --fields number,st
complete_line xva-mbr --disk 0 --col
complete_line xva-mbr --output = we
complete_line xva-verify --keep
complete_line xva-verify -o w
complete_line xva-verify --threads ''
