#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# timeout: 90
# A redirect, a call that is too long, a task that never ends, a VM that stays busy, Ctrl-C: a clear message and the
# right code; no task, session or disk of ours stays, and the others are served.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
row=(--fields "status,name,message")
plain() { sed "s/127.0.0.1:[0-9]*/HOST/g; s/OpaqueRef:[0-9a-f-]*/REF/g"; }
with_xapi --vms 4
xapi_do fault moved:VM.*:*
status xvm ls 2>err
plain <err
xapi_do clear
# 300 KiB are the most that a call may have; it is not even sent.
long=$(head -c 110000 /dev/zero | tr '\0' x)
calls=$(xapi_calls | wc -l)
status xvm api VM.set_name_description "$long" "$long" "$long" 2>err
plain <err
[[ $(xapi_calls | wc -l) == "$calls" ]] || echo "BAD: it was sent"
# What is under way on the server is cancelled when the time is up.
xapi_do fault task-pending:VM.start
status xvm start vm001 --timeout 1s "${row[@]}" 2>err
plain <err
xapi_calls task.cancel | wc -l
no_remains
# Another one's operation: said, waited for within the limit, nothing begun.
xapi_do fault busy:vm003:clone
status xvm start vm003 --timeout 1s "${row[@]}" 2>err
plain <err
xapi_calls Async.VM.start | wc -l
# shellcheck disable=SC2016  # the simulator's $1
xapi_do fault 'VM.start:1:OTHER_OPERATION_IN_PROGRESS,VM,$1,clone,OpaqueRef:other'
status xvm start vm004 "${row[@]}" 2>err
plain <err
xapi_do clear
# Ctrl-C
xapi_do fault task-pending:VM.start
before=$(xapi_calls Async.VM.start | wc -l)
begun() { (($(xapi_calls Async.VM.start | wc -l) > before)); }
env --default-signal=INT xvm start vm004 2>err & # the shell has it ignored
pid=$!
wait_for 20 begun
kill -INT $pid
status wait $pid
plain <err
xvm task ls -a --fields name # of ours none; that of the stranger
no_remains # that of the stranger
