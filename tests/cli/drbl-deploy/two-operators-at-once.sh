#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# labels: full
# timeout: 200
# Both see no job, both start: one wins, the other is told, and there is one job.
# shellcheck disable=SC2153
. "$LIB"
. "$ROOT/tests/tools/drbl/server.sh"
drbl_namespace "$@"
requires jq
drbl_server >/dev/null
pids=()
for n in 1 2; do
    (
        code=0
        drbl-deploy restore gold --disk sda --hosts pc$n --no-check --run -y -s >out$n 2>err$n || code=$?
        echo "exit $code" >code$n
    ) &
    pids+=($!)
done
wait "${pids[@]}"
sort code1 code2
cat server/tftpboot/nodes/192.168.100.[12]/etc/ocs/ocs-run.param | wc -l
echo "== a job that nobody of ours started"
rm server/var/lib/xenlab-drbl/*
status drbl-deploy restore gold --disk sda --hosts pc3 --run -y
drbl-deploy status --json -s | jq -c .job.phase
