#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# -o: the file is there after success, unchanged after failure, and no .part is left.
. "$LIB"
sample xapi-23.1 >a.xva
for tool in $(archive_tools); do
    "$tool" --help | grep -q -- '--output' || continue
    echo old >out
    [[ $(status "$tool" --json -o out nosuch.xva 2>/dev/null | tail -1) == "exit 3" ]] || echo "BAD status: $tool"
    [[ $(<out) == old ]] || echo "BAD: $tool changed the file"
    "$tool" --json -o out a.xva
    [[ $(head -c 1 out) == "{" ]] || echo "BAD: $tool did not write the file"
    [[ $(echo *) == "a.xva out" ]] || echo "BAD: $tool left" ./*
    [[ $(status "$tool" -o no/such/folder/out a.xva 2>/dev/null) == "exit 3" ]] || echo "BAD folder: $tool"
    [[ $(status "$tool" -o /dev/full a.xva --json 2>/dev/null | tail -1) == "exit 1" ]] || echo "BAD full: $tool"
done
