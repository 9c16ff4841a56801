#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 120
# kill -9 of a client ends its command in the guest; kill -9 of the broker gives 125, and the next command just works; a
# connection that breaks is made again; a port that is not there yet is an error with words, not a hang.
. "$LIB"
. "$ROOT/tests/tools/serial_line.sh"
line --rate 0
{
    serial-cli -t "$T" run -n -- 'sleep 988; sleep 988' &
    client=$!
    sleep 0.7
    kill -9 $client
    wait $client || :
} 2>/dev/null
sleep 0.7
pgrep -f 'sleep 988' && echo 'BAD: the command survives its client'
serial-cli -t "$T" run -- 'echo alive' </dev/null

(status serial-cli -t "$T" run -n -- 'sleep 989') >killed 2>&1 &
client=$!
sleep 0.7
kill -9 "$(serial-cli -t "$T" broker --status --json | jq -r .facts.pid)"
wait $client
cat killed
serial-cli -t "$T" run -- 'echo again' </dev/null
pgrep -f 'sleep 989' && echo 'BAD: the command survives its session'

status timeout 30 serial-cli -t 127.0.0.1:1 ping 2>&1
status timeout 30 serial-cli -t "unix:$PWD/nosuch" ping 2>&1 | sed "s,$PWD,DIR,"
line_with --rate 0
status timeout 30 serial-cli -t "$T" --attach-timeout 1s ping 2>&1
status timeout 30 serial-cli -t "$T" --attach-timeout 1s run -- true 2>&1
serial-cli -t 127.0.0.1:1 broker --stop
serial-cli -t "unix:$PWD/nosuch" broker --stop
