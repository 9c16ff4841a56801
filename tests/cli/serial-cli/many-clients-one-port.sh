#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2094 # what is quoted is for the guest
# timeout: 90
# One connection serves a command, copies both ways, two spies and the log at once; nobody else may open the broker's
# socket; what the guest says on the port besides is in the log and with the spies.
. "$LIB"
. "$ROOT/tests/tools/serial_line.sh"
line --rate 400000
cli() { serial-cli -t "$T" "$@"; }
head -c 400000 /dev/urandom >file
mkfifo go
for spy in 1 2; do
    timeout 60 serial-cli -t "$T" console --spy >spy$spy 2>/dev/null </dev/null &
    spies+=($!)
done
timeout 60 serial-cli -t "$T" log -f --ts >followed 2>/dev/null &
spies+=($!)
cli run -n -- "cat $PWD/go; exit 9" >ran &
exec_pid=$!
cli put file "$PWD/put" &
put_pid=$!
cli get "$PWD/file" got &
get_pid=$!
wait_for 20 test "$(cli broker --status --format tsv | sed -n 's/^channels.//p')" -ge 1
[[ $(stat -c %a "$XDG_RUNTIME_DIR"/xenlab-serial/*.sock | sort -u) == 600 ]] || echo 'BAD: others can open the socket'
wait $put_pid && cmp file put
wait $get_pid && cmp file got
printf '\nkernel: something happened\n' >guest
echo "all done" >go
wait $exec_pid || echo "exit $?"
cat ran
wait_for 20 grep -qs 'something happened' spy1
wait_for 20 grep -qs 'something happened' spy2
wait_for 20 grep -qs '^20..-..-..T..:..:..\....Z kernel: something happened' followed
cli broker --status --format tsv | grep '^connections'
kill "${spies[@]}"
echo "a PV console has small buffers:"
ln -s guest hvc0
line_with --rate 0 -- serial-agent --port hvc0
cli --attach-timeout 30s put file "$PWD/put2" && cmp file put2
cli log --events | grep -o 'mtu 512'
