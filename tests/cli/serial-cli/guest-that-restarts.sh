#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 120
# The agent is killed in the middle and comes back after BIOS text: a command gives 125 and is not run again, copies go on.
. "$LIB"
. "$ROOT/tests/tools/serial_line.sh"
head -c 200000 /dev/urandom >file
line --rate 115200 --kill-at 90000 --boot-text
serial-cli -t "$T" put file "$PWD/there" 2>note
cmp file there
cat note

line --rate 115200 --kill-at 90000 --boot-text
serial-cli -t "$T" get "$PWD/file" back 2>note
cmp file back
cat note

line --rate 115200 --kill-at 50000 --boot-text
serial-cli -t "$T" get "$PWD/file" - 2>/dev/null | cmp - file

line --rate 115200 --kill-at 60000
status serial-cli -t "$T" run -n -- "echo x >>$PWD/ran; seq 1000000" 2>&1 >/dev/null | tail -3
wc -l <ran
serial-cli -t "$T" log | head -3
