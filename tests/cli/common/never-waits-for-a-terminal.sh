#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Without arguments and with an empty standard input every tool ends at once.
. "$LIB"
for tool in $TOOLS; do
    code=0
    timeout 10 "$tool" </dev/null >out 2>err || code=$?
    ((code != 124 && code != 0)) || echo "BAD $tool: $code"
done
