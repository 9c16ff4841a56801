#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# rm without a terminal is exit 4, --dry-run makes no changing call, --yes removes VM, disks and snapshots and no more.
. "$LIB"
requires jq
with_xapi --vms 3 --running 1
row=(--fields "status,name,message")
xvm snap create s vm002 >/dev/null
disks=$(xvm api VDI.get_all | jq length)
before=$(xapi_calls --mutating | wc -l)
status xvm rm vm002 </dev/null
xvm rm vm002 --dry-run "${row[@]}"
for verb in start stop kill reboot reset pause suspend rm "snap rm s" "snap create s" "snap revert --latest" "iso insert rescue" "iso eject" "migrate --to host2"; do
    # shellcheck disable=SC2086 # verb and its words
    xvm $verb vm001 vm002 --dry-run >/dev/null 2>&1 || true
done
[[ $(xapi_calls --mutating | wc -l) == "$before" ]] || xapi_calls --mutating
status xvm rm vm001 --yes "${row[@]}"
xvm rm vm002 --yes "${row[@]}"
echo "$((disks - $(xvm api VDI.get_all | jq length))) disks less"
xvm ls --fields name,power
