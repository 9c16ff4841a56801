#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The same scripts' sisters: fish tells what it offers, zsh is driven on a terminal of its own.
. "$LIB"
requires zsh fish tmux
touch "with space.xva" web1.xva
# shellcheck disable=SC2016 # fish expands them
offered() { # TYPED
    fish --no-config -c 'source $argv[1]; complete -C "$argv[2]"' "$ROOT/completions/fish/${1%% *}.fish" "$1" | cut -f1 | paste -sd' '
}
offered 'xva-mbr --format j'
offered 'xva-mbr --format=j'
offered 'xva-mbr --js'
offered 'xva-mbr we'
offered 'xva-mbr --fields number,st'
offered 'xva-mbr --output=we'
number=0
tab() { # TYPED
    local server=xz$$.$((++number))
    tmux -L "$server" -f /dev/null new-session -d -x 150 -y 20 "env -i PATH='$PATH' HOME='$HOME' TERM=screen zsh -f"
    tmux -L "$server" send-keys "PS1='> '; fpath=('$ROOT/completions/zsh' \$fpath); autoload -U compinit; compinit -u -D; clear" Enter
    for ((i = 0; i < 100; i++)); do
        sleep 0.1
        [[ $(tmux -L "$server" capture-pane -p | head -1) == ">" ]] && break
    done
    tmux -L "$server" send-keys -l "$1"
    tmux -L "$server" send-keys Tab
    sleep 1
    tmux -L "$server" capture-pane -p | head -1
    tmux -L "$server" kill-server
}
tab 'xva-mbr --format j'
tab 'xva-mbr --format=j'
tab 'xva-mbr --com'
tab 'xva-verify wi'
tab 'xva-verify -o we'
