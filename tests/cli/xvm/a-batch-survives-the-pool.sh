#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# labels: full
# timeout: 180
# What goes wrong in the middle of a batch hits its own target only, and nothing is left on the server.
. "$LIB"
row=(--fields "status,name,message")
left() { # what we left behind: our tasks
    xvm task ls -a -q | wc -l
}
batch() { # FAULT...
    local faults=() fault
    for fault; do faults+=(--fault "$fault"); done
    echo "# $*"
    with_xapi --vms 4 "${faults[@]}"
    status xvm start --all -P1 "${row[@]}" 2>err | sed "s/127.0.0.1:[0-9]*/HOST/g"
    grep -v '^xvm: error' err | sed "s/127.0.0.1:[0-9]*/HOST/g" || true
    left
}
batch expire-session:6
batch slave::1
batch VM.start:1:SR_BACKEND_FAILURE_46,,not-available,
batch 'VM.start:1:HOST_NOT_ENOUGH_FREE_MEMORY,4096,1024'
# shellcheck disable=SC2016  # the simulator's $1
batch 'VM.start:1:VM_REQUIRES_SR,$1,OpaqueRef:nowhere'
batch task-vanish:VM.start:1
batch task-cancelled:VM.start:1
batch events-lost:2
batch rename:4:vm002:other
batch vanish:4:vm002
batch reset:VM.start:1
batch reset-after:VM.start:1
batch drop-events:task:1
# A restart takes logins, tasks and events away: what was under way is looked up, the rest goes on.
with_xapi --vms 4 --fault restart:6:0.3:0.3
xvm start --all -P1 --fields name 2>err
grep -q "does not answer, waiting for it" err || cat err
xvm ls --fields name,power
