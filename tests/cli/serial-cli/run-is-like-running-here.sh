#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2094 # what is quoted is for the guest
# stdin, stdout, stderr and the exit code of a command in the guest are those of run; so are its failures.
. "$LIB"
. "$ROOT/tests/tools/serial_line.sh"
line --rate 0
run() { serial-cli -t "$T" run "$@"; }

status run -- 'echo out; echo err >&2; exit 7' 2>err
cat err
printf '%s\n' a b | run -- cat
head -c 300000 /dev/zero | tr '\0' x | run -- wc -c
run -- printf '%s|' 'a b' '$HOME' "it's" '[a-z]' '[a,b]' '' --help
echo
run -e A=1 -e 'B=x y' -C /usr -- 'echo $A $B $PWD' </dev/null
head -c 200000 /dev/urandom >random
run -- cat <random | cmp - random
status run -- no-such-command x 2>&1
status run -C /no/such/folder -- true 2>&1
status run -- /etc/passwd x 2>&1
status run -- 'kill -9 $$'
status run --timeout 500ms -- 'sleep 987 & sleep 987' 2>&1
sleep 0.2
pgrep -f 'sleep 987' && echo 'BAD: survives the timeout'
run -n -- cat
run --json -- 'echo o; echo e >&2; exit 3' </dev/null | jq -c 'del(.name)' || :
run -- 'seq 100000' </dev/null | head -1 || :
status run 2>/dev/null
echo "a daemon that holds the pipes does not hold us:"
timeout 10 serial-cli -t "$T" run -n -- 'sleep 5 & echo started'
