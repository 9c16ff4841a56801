#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# With --json a failure is one valid document on standard output; the exit code is kept.
. "$LIB"
requires jq
for tool in $(archive_tools); do
    [[ $(status "$tool" --json nosuch.xva 2>err | tee out | tail -1) == "exit 3" ]] || echo "BAD status: $tool"
    sed '$d' out | jq -e '.error.code == 3 and .error.kind == "not-found" and (.error.message | contains("nosuch.xva"))' >/dev/null || cat out
done
for tool in $TOOLS; do
    helps "$tool" | grep -q -- --json || continue
    [[ $(status "$tool" --json --no-such-option 2>err | tee out | tail -1) == "exit 2" ]] || echo "BAD status: $tool"
    sed '$d' out | jq -e '.error.code == 2' >/dev/null || cat out
done
