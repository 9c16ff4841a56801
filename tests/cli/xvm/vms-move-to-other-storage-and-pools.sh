#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# Disks move to another SR, VMs with their disks and cards to another pool; what cannot be mapped is told before anything
# is done, a dry run changes nothing, and the session that the other pool makes for the sender ends.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
row=(--fields "status,name,message")
with_xapi --vms 2
another_pool --vms 5 --running 2
status xvm migrate vm001
status xvm migrate vm001 --to host2 --network labnet
# other storage
xvm migrate 'vm00[13]' --sr 'Local storage 1' --dry-run "${row[@]}"
xvm migrate 'vm00[13]' --sr 'Local storage 1' "${row[@]}"
xvm migrate vm003 --sr 'Local storage 1' "${row[@]}"
xvm disk ls vm001 vm003 --fields vm,sr
status xvm migrate vm002 --sr 'Local storage 1' "${row[@]}" # it runs on host2
xapi_changes
# another pool
xvm pause vm002 "${row[@]}"
xapi_changes >/dev/null
status xvm migrate vm002 --to there/host1 "${row[@]}"
status xvm migrate vm001 --to there/nosuch
status xvm migrate vm001 --to there/host1 --sr nosuch "${row[@]}"
status xvm migrate vm001 --to there/host1 --network nosuch "${row[@]}"
xvm migrate there/vm001 --sr 'Local storage 2' --dry-run "${row[@]}" # in its own pool
status xvm migrate there/vm001 --to there/host1 "${row[@]}"           # as without disks
xvm migrate vm001 vm004 --to there/host2 --dry-run "${row[@]}"
nothing_changed
uuid=$(xvm ls vm001 --fields uuid)
xvm migrate vm001 vm004 --to there/host2 --sr 'Local storage 2' "${row[@]}"
[[ $(xvm ls "there/$uuid" --fields power,host) == running*host2 ]] || xvm ls -c there
xvm ls -c there --fields name,power,host | sort # by name, and two have one
xvm disk ls "there/$uuid" --fields name,sr
xvm nic ls "there/$uuid" --fields network
xvm ls --fields name
no_remains
