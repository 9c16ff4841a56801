#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016 # what is quoted is for the guest
# timeout: 60
# run on several targets: a line of JSON for each, in their order, whatever order they end in; a common exit code.
. "$LIB"
requires jq
. "$ROOT/tests/tools/serial_line.sh"
mkdir a b
for name in a b; do
    NAME=$name python3 "$ROOT/tests/tools/serial_line.py" --guest $name/guest --pty $name/host --rate 0 -- serial-agent --port '{}' &
    LINES_PIDS+=($!)
    LINES_TARGETS+=("pty:$PWD/$name/host")
done
wait_for 20 test -e a/host -a -e b/host
on() { serial-cli -t "pty:$1" -t "pty:$2" run "${@:3}" | jq -c '[.name, .rc, .stdout, .error]'; return "${PIPESTATUS[0]}"; }
both() { on a/host b/host "$@"; }
for name in a b; do serial-cli -t pty:$name/host --attach-timeout 30s ping >/dev/null; done
status both -- '[ $NAME = b ] || sleep 0.3; echo "in $NAME"'
status both -e 'X=a  b' -- sh -c 'echo "$X"; exit 9'
status both -- '[ $NAME = a ]'
LINES_TARGETS+=("pty:none")
status on a/host none -- true
status serial-cli -t pty:a/host -t pty:b/host ping 2>&1
