#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# labels: full
# timeout: 200
# The server's sshd goes away in the middle of a wait and comes back: wait goes on, and the job has.
# shellcheck disable=SC2153,SC2016
. "$LIB"
. "$ROOT/tests/tools/drbl/server.sh"
drbl_namespace "$@"
drbl_server >/dev/null
drbl_image gold
drbl-deploy restore gold --disk sda --hosts pc1 --run -y -s >/dev/null
drbl-deploy status --wait --timeout 60s >out 2>err &
waiting=$!
sleep 2
{ stop_sshd "$SSHD_PID"; wait "$SSHD_PID"; } 2>/dev/null || true
client_done 1
sleep 2
start_sshd drbl chroot "$PWD/server"
code=0
wait "$waiting" || code=$?
echo "exit $code"
cut -f1,2 out
grep -q 'trying again' err || cat err
