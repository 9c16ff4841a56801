#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Without arguments on a terminal: usage, exit 2, no waiting.
. "$LIB"
requires script
for tool in $TOOLS; do
    code=0
    timeout 10 script -qec "$tool" /dev/null >out || code=$?
    ((code == 2)) || echo "BAD $tool: $code"
    grep -q "hint:" out || cat out
done
