#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 120
# Members first, the coordinator last, each until XAPI answers; not while tasks run; a dry run restarts nothing.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires jq
with_xapi --vms 1 --running 1
row=(--fields "status,name,message")
xvm host toolstack-restart '*' --dry-run "${row[@]}"
task=$(xapi_py <<<'print(call("task.create", "a backup", ""))')
status xvm host toolstack-restart host1 "${row[@]}"
nothing_changed
before=$(xapi_py <<<'print([h["other_config"]["agent_start_time"] for h in call("host.get_all_records").values()])')
xvm host toolstack-restart '*' --force --quiet "${row[@]}" | sed 's/after [0-9]* s/after N s/'
after=$(xapi_py <<<'print([h["other_config"]["agent_start_time"] for h in call("host.get_all_records").values()])')
[[ $before != "$after" ]] || echo "BAD: nothing was restarted"
xapi_changes
xvm ls --fields name,power
# shellcheck disable=SC2016 # the simulator fills it in
xapi_do 'fault host.restart_agent:1:HOST_OFFLINE,$1'
status xvm host toolstack-restart host1 "${row[@]}"
[[ -n $task ]]
