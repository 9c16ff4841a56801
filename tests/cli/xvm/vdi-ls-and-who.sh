#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Disks with their size, their use and their users; orphans are what no VM, snapshot or host has.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires jq
with_xapi --vms 2 --running 1
xapi_py <<'END'
vdi("shared storage", "lost")
vdi("shared storage", "state", type="ha_statefile")
held = vdi("shared storage", "held")
call("VBD.plug", vbd(dom0(), held, "7"))
call("VM.snapshot", one("VM", "vm001"), "before")
END
set_field '["VDI","lost","physical_utilisation",4096]'
xvm vdi ls --fields name,sr,size,used,type,held
xvm vdi ls 'vm001/0' --json | jq -c '.schema, (.items[] | [.name, .size, .vms, .attached_to])'
xvm vdi ls --sr 'ISO library' --fields name
xvm vdi orphans --fields name,size
xvm vdi who held vm001/0 vm002/0 --fields vdi,vm,state,device,mode,attached,why
xvm vdi who lost
status xvm vdi who nosuch
status xvm vdi ls nosuch/0
xapi_py <<<'call("VM.set_name_label", one("VM", "vm002"), "vm001")'
status xvm vdi who vm001/0
