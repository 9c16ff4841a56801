#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Disks are added and removed: plugged in where the guest can take them, else for the next start; a dry run changes nothing.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires jq
with_xapi --vms 6 --running 5
row=(--fields "status,name,message")
xvm disk add vm001 vm005 vm006 --size 1G --dry-run "${row[@]}"
nothing_changed
xvm disk add vm001 vm005 vm006 --size 1G --name extra "${row[@]}"
xapi_changes
xvm disk ls vm001 vm005 vm006 --fields vm,device,type,mode,size,name,attached
xvm disk ls vm001 --json | jq -c '.schema, (.items[] | [.vm, .device, .position, .vdi.name, .vdi.size, .vdi.sr])'
xvm disk rm vm001 xvdb --dry-run "${row[@]}"
status xvm disk rm vm001 xvdb --delete "${row[@]}"
nothing_changed
xvm disk rm vm001 xvdb --delete -y "${row[@]}"
xvm disk rm vm006 1 "${row[@]}"
xapi_changes
xvm vdi orphans --fields name,size
