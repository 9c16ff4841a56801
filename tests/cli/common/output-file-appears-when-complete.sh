#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# -o: the file is there after success, unchanged after failure, and no .part is left.
. "$LIB"
sample xapi-23.1 >a.xva
for tool in $TOOLS; do
    echo old >out
    status "$tool" --json -o out nosuch.xva >/dev/null 2>&1
    cat out
    "$tool" --json -o out a.xva
    head -c 1 out && echo
    ls
    rm out
    status "$tool" -o no/such/folder/out a.xva 2>&1
done
