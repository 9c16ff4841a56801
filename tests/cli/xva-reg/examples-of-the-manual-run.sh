#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
. "$ROOT/tests/cli/windows.sh"
windows_guest win.xva
printf 'Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SYSTEM\\a]\n"b"="c"\n' >kd-on.reg
while read -r line; do
    bash -c "$line" >out 2>err </dev/null || { echo "BAD: exit $?: $line"; cat err; }
done < <(examples_of xva-reg)
