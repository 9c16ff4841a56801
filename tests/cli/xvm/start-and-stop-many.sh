#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# Rows in the order asked for; what is so already is skipped; the others are served when one fails; two requests a VM.
. "$LIB"
requires jq
with_xapi --vms 6 --running 1
row=(--fields "status,name,message")
status xvm start vm003 vm001 nosuch 'vm00[456]' "${row[@]}"
echo "$(xapi_calls Async.VM.start task.destroy | wc -l) calls for 4 VMs"
status xvm start vm001 --strict "${row[@]}"
xvm stop vm001 vm003 --dry-run "${row[@]}"
xvm stop 'vm00[13]' "${row[@]}"
cmp <(xvm start -P1 --all --fields status,name,message -n) <(xvm start -P16 --all --fields status,name,message -n)
xvm ls -l power=halted --fields name
status xvm start vm002 vm006 --json | sed '$d' | jq -r '.schema, (.items[] | [.status, .name, .code] | @json)'
xapi_calls task.get_all_records | wc -l
[[ $(xapi_calls Async.VM.start | wc -l) == $(xapi_calls | grep -c 'Async.VM.start') ]]
