#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2094 # what is quoted is for the guest
# labels: full
# timeout: 240
# The Windows agent under Wine, whose COM1 is the end of a bad line: streams apart, exit codes of 32 bits, copies.
. "$LIB"
requires wine
agent=$(command -v serial-agent-windows-x86_64.exe) || skip "needs serial-agent-windows-x86_64.exe, which mingw builds"
. "$ROOT/tests/tools/serial_line.sh"
export WINEPREFIX=$PWD/wine WINEDEBUG=-all
timeout 120 wine wineboot -i >/dev/null 2>&1 || skip "wine does not start"
line_with --rate 0 --drop 3 --corrupt 3 --span 200000 -- sleep 1000
ln -sfn "$(readlink guest)" "$WINEPREFIX/dosdevices/com1"
wine "$agent" --port COM1 >agent.log 2>&1 &
LINES_PIDS+=($!)
on() { serial-cli -t "$T" --attach-timeout 60s "$@"; }
on run -- 'echo out& echo err>&2& exit 5' </dev/null 2>err | tr -d '\r' || echo "exit $?"
tr -d '\r' <err
on run -n -- 'exit 70000' || echo "exit $?"
status on run -n -- no-such-program x 2>&1 | tail -1
head -c 200000 /dev/urandom >file
on put file C:/windows/temp/file
on get 'C:\windows\temp\file' back
cmp file back
on info --json | jq -r .facts.system
wineserver -k || :
