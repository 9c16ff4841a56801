#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The same with a TAB key in an interactive bash.
. "$LIB"
requires tmux
tab() { # TYPED
    tmux -L "xl$$" -f /dev/null new-session -d -x 150 -y 20 "env -i PATH='$PATH' HOME='$HOME' TERM=screen PS1='> ' bash --norc --noprofile -i"
    tmux -L "xl$$" send-keys "for f in '$ROOT'/completions/bash/*; do . \"\$f\"; done; clear" Enter
    for ((i = 0; i < 50; i++)); do
        sleep 0.1
        [[ $(tmux -L "xl$$" capture-pane -p | head -1) == ">" ]] && break
    done
    tmux -L "xl$$" send-keys -l "$1"
    tmux -L "xl$$" send-keys Tab
    sleep 0.5
    tmux -L "xl$$" capture-pane -p | head -1
    tmux -L "xl$$" kill-server
}
touch "with space.xva"
tab 'xva-mbr --format j'
tab 'xva-mbr --com'
tab 'xva-verify wi'
tab 'xva-verify --imp'
