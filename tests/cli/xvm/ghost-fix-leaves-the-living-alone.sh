#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A VM whose domain lives is not declared dead, whatever the metrics say; a control domain's disk is left while a
# transfer runs, also one that began after the look.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
with_xapi --vms 2 --running 2
row=(--fields "status,name,message")
set_field '["host","host2","metrics.live",false]'
xapi_py <<<'call("VBD.plug", vbd(dom0(), vdi("shared storage", "held"), "7"))'
xapi_changes >/dev/null
status xvm ghost fix vm002 -y "${row[@]}"
xapi_py <<<'call("task.create", "Async.VM.export", "")'
xvm ghost ls --fields evidence,name,message,fix
status xvm ghost fix held -y "${row[@]}"
xvm ls vm002 --fields name,power
xapi_changes
