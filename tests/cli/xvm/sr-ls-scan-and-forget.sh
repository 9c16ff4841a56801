#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SRs are listed, scanned and forgotten; one whose disks are used is not; a plug that fails half-way is undone.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires jq
with_xapi --vms 2 --running 1
row=(--fields "status,name,message")
xvm sr ls --format table
xvm sr ls 'Local*' --json | jq -c '.schema, (.items[] | [.name, .size, .free, .attached, .hosts])'
xvm sr scan 'ISO library' --dry-run "${row[@]}"
nothing_changed
xapi_do iso new.iso
xvm sr scan 'ISO library' 'shared storage' "${row[@]}"
xapi_changes
status xvm sr forget 'shared storage' -y "${row[@]}"
status xvm sr forget 'ISO library' "${row[@]}"
xvm sr forget 'ISO library' --dry-run "${row[@]}"
nothing_changed
xapi_do 'fault SR.forget:1:SR_NOT_EMPTY,x'
status xvm sr forget 'ISO library' -y "${row[@]}"
xvm sr ls 'ISO library' --fields name,attached
xvm sr forget 'ISO library' -y --fields status,name
status xvm sr forget 'ISO library' -y
xvm sr ls --fields name
