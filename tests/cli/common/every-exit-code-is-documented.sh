#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The codes of xenlab-exit-codes(7) are those of the tools' pages.
. "$LIB"
for tool in $TOOLS; do
    sed -n '/^\.Sh EXIT STATUS/,/^\.Sh EXAMPLES/s/^\.It \([0-9]*\)$/\1/p' "$ROOT/man/$tool.1" | while read -r code; do
        grep -q "^\.It.*\b$code\b" "$ROOT/man/xenlab-exit-codes.7" || echo "$tool: $code"
    done
done
