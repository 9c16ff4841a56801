#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 180
# Dropped, damaged and delayed bytes, kernel messages inside of frames, broken connections, a receiver that loses all
# past 65,535 bytes without an answer: every copy is identical in both directions and every exit code is right. The
# line is ten times as fast as 115200 baud, to be short.
. "$LIB"
. "$ROOT/tests/tools/serial_line.sh"
head -c 80000 /dev/urandom >file
try() {
    local name=$1 ok=0
    shift
    line --rate 115200 --span 75000 "$@"
    serial-cli -t "$T" put file "$PWD/there" && cmp file there || ok=1
    serial-cli -t "$T" get "$PWD/there" back && cmp file back || ok=1
    serial-cli -t "$T" run -- 'cat >&2; exit 9' <file 2>err >out || [[ $? == 9 ]] || ok=1
    cmp file err || ok=1
    echo "$name: $ok"
    rm -f there back
    serial-cli -t "$T" broker --stop
}
try clean
try dropped --drop 5
try damaged --corrupt 5
try stalls --stall 1
try noise --noise 6 --burst 2
try disconnects --disconnect 40000 --disconnect 120000
try limit --limit 65535
try stalls-at-limit --limit 65535 --limit-stalls
try everything --drop 3 --corrupt 3 --noise 3 --burst 1 --disconnect 50000 --limit 65535
