#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# No escape sequence and no carriage return in a pipe; NO_COLOR, TERM=dumb and --color=never on a terminal.
. "$LIB"
requires script
sample xapi-23.1 >a.xva
for tool in $TOOLS; do
    "$tool" a.xva 2>&1 | grep -c $'[\e\r]' || true
    export TERM=xterm
    script -qec "$tool a.xva" /dev/null </dev/null | grep -q $'\e\[' || [[ $tool == xva-mbr ]] || echo "no colour at all: $tool"
    NO_COLOR=1 script -qec "$tool a.xva --progress none" /dev/null </dev/null | grep -c $'\e\[' || true
    TERM=dumb script -qec "$tool a.xva" /dev/null </dev/null | grep -c $'\e\[' || true
    script -qec "$tool a.xva --color=never --progress none" /dev/null </dev/null | grep -c $'\e\[' || true
done
