#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The same with a TAB key in an interactive bash.
. "$LIB"
requires tmux
number=0
tab() { # TYPED
    local server=xl$$.$((++number))
    tmux -L "$server" -f /dev/null new-session -d -x 150 -y 20 "env -i PATH='$PATH' HOME='$HOME' TERM=screen PS1='> ' bash --norc --noprofile -i"
    tmux -L "$server" send-keys "for f in '$ROOT'/completions/bash/*; do . \"\$f\"; done; clear" Enter
    for ((i = 0; i < 50; i++)); do
        sleep 0.1
        [[ $(tmux -L "$server" capture-pane -p | head -1) == ">" ]] && break
    done
    tmux -L "$server" send-keys -l "$1"
    tmux -L "$server" send-keys Tab
    sleep 0.5
    tmux -L "$server" capture-pane -p | head -1
    tmux -L "$server" kill-server
}
touch "with space.xva"
tab 'xva-mbr --format j'
tab 'xva-mbr --com'
tab 'xva-verify wi'
tab 'xva-verify --imp'
