#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# No escape sequence and no carriage return in a pipe, nor on a terminal that wants none.
. "$LIB"
requires script
sample xapi-23.1 >a.xva
on_terminal() { script -qec "$*" /dev/null </dev/null; }
plain() { ! grep -q $'\e\\['; }
export TERM=xterm
for tool in $(archive_tools); do
    progress=
    "$tool" --help | grep -q -- --progress && progress="--progress none"
    "$tool" a.xva 2>&1 | { ! grep -q $'[\e\r]'; } || echo "BAD in a pipe: $tool"
    NO_COLOR=1 on_terminal "$tool a.xva $progress" | plain || echo "BAD with NO_COLOR: $tool"
    TERM=dumb on_terminal "$tool a.xva" | plain || echo "BAD on a dumb terminal: $tool"
    on_terminal "$tool a.xva --color=never $progress" | plain || echo "BAD with --color=never: $tool"
done
on_terminal "xva-verify a.xva" | grep -q $'\e\\[32mgood' || echo "BAD: no colour on a terminal"
