#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A wrong option: at most 20 lines on standard error, nothing on standard output, no network.
. "$LIB"
requires strace
for tool in $TOOLS; do
    [[ $(status "$tool" --no-such-option x 2>err) == "exit 2" ]] || echo "BAD status: $tool"
    (($(wc -l <err) <= 20)) || echo "BAD length: $tool"
    grep -q "^$tool: error: unknown option --no-such-option" err || cat err
    strace -f -qq -o trace -e trace=connect "$tool" --no-such-option x 2>/dev/null || true
    ! grep -q AF_INET trace || echo "BAD network: $tool"
done
