#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# labels: full
# timeout: 200
# The server's sshd goes away in the middle of a wait and comes back: the wait goes on, and the job has. Then the one who
# waits is killed, and another takes over.
# shellcheck disable=SC2153,SC2016
. "$LIB"
. "$ROOT/tests/tools/drbl/server.sh"
drbl_namespace "$@"
requires jq
drbl_server >/dev/null
drbl-deploy restore gold --disk sda --hosts pc1,pc2 --no-check --run -y --wait --timeout 180s >out 2>err &
waiting=$!
wait_for 120 grep -qs 'the server is ready' err
{ stop_sshd "$SSHD_PID"; wait "$SSHD_PID"; } 2>/dev/null || true
client_done 1
wait_for 60 grep -qs 'trying again' err
start_sshd drbl chroot "$PWD/server"
wait_for 60 grep -qs '192.168.100.1: done' err
{ kill -9 "$waiting"; wait "$waiting"; } 2>/dev/null || true
drbl-deploy status --json 2>/dev/null | jq -c '.job.phase, [.items[].state]'
client_done 2
drbl-deploy status --wait --timeout 60s -s | cut -f1,2
