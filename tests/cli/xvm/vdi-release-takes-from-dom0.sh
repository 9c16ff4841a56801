#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What an interrupted transfer left in a control domain is released, by force if need be; never while a transfer runs,
# never from a VM.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
with_xapi --vms 2 --running 1
row=(--fields "status,name,message")
xapi_py <<'END'
for number in range(2):
    call("VBD.plug", vbd(dom0(), vdi("shared storage", f"held{number}"), str(7 + number)))
open("task", "w").write(call("task.create", "[XO] VDI export", ""))
END
xapi_changes >/dev/null
status xvm vdi release held0 "${row[@]}"
status xvm vdi rm held0 -y "${row[@]}"
xapi_py <<<'task = open("task").read(); call("task.set_status", task, "cancelled"); call("task.destroy", task)'
status xvm vdi release vm001/0 "${row[@]}"
xvm vdi release held0 held1 vm002/0 --dry-run "${row[@]}"
nothing_changed
# shellcheck disable=SC2016 # the simulator fills it in
xapi_do 'fault VBD.unplug:1:DEVICE_DETACH_REJECTED,VBD,$1,busy'
xvm vdi release held0 held1 vm002/0 "${row[@]}"
xapi_changes
xvm vdi orphans --fields name
status xvm vdi release held0 --strict "${row[@]}"
