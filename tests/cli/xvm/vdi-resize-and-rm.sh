#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Disks grow and go; they do not shrink, nor go while anybody has them.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
with_xapi --vms 2 --running 1
row=(--fields "status,name,message")
xapi_py <<<'vdi("shared storage", "spare")'
xapi_changes
xvm vdi resize spare +1G --dry-run "${row[@]}"
status xvm vdi resize spare 1M "${row[@]}"
status xvm vdi resize spare big
status xvm vdi resize vm001/0 +1G "${row[@]}"
status xvm vdi rm spare "${row[@]}"
status xvm vdi rm vm002/0 -y "${row[@]}"
xvm vdi rm spare --dry-run "${row[@]}"
nothing_changed
xvm vdi resize spare +1G "${row[@]}"
xvm vdi resize spare 1032M "${row[@]}"
xvm vdi resize vm002/0 10G "${row[@]}"
# shellcheck disable=SC2016 # the simulator fills it in
xapi_do 'fault VDI.destroy:1:VDI_IN_USE,$1,destroy' # as for some seconds after an unplug
xvm vdi orphans -q | xvm vdi rm - -y "${row[@]}"
xapi_changes
xvm vdi orphans
