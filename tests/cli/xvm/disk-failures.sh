#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What cannot be done to disks, each with its exit status; nothing is left behind by a half-done addition.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
with_xapi --vms 6 --running 5
row=(--fields "status,name,message")
status xvm disk add vm001
status xvm disk add vm001 --size 0
status xvm disk add vm001 --size 1G --sr nosuch "${row[@]}"
status xvm disk add vm001 --vdi vm002/0 "${row[@]}"
status xvm disk add vm001 vm002 --vdi vm003/0
status xvm disk add vm001 --vdi vm001/0 "${row[@]}"
status xvm disk rm vm001 7
nothing_changed
status xvm disk rm vm005 0 "${row[@]}" # no PV drivers: it cannot be unplugged
status xvm disk rm nosuch 0
xapi_changes
xapi_do 'fault VBD.create:1:DEVICE_ALREADY_EXISTS,0'
status xvm disk add vm006 --size 1G --device 0 --json | grep -v seconds | sed 's/"uuid": ".*"/"uuid": …/'
xapi_changes
xvm vdi orphans --fields name
