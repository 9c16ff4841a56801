#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# How many images a disk is made of, and what is still to be merged; --most judges, --wait waits.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires jq
with_xapi --vms 1
xapi_py <<'END'
parent = {}
for name in ["base", "middle", "leaf"]:
    made = vdi("shared storage", name, sm_config=parent)
    parent = {"vhd-parent": call("VDI.get_uuid", made)}
END
set_field '["VDI","base","managed",false]'
set_field '["VDI","middle","managed",false]'
status xvm sr chains --most 3 --fields sr,name,length,merge
status xvm sr chains 'shared storage' --most 2 --fields name,length
xvm sr chains --json | jq -c '.schema, (.items[0] | [.name, .length, .to_merge, (.chain | length)])'
status xvm sr chains --wait --timeout 1s
(sleep 1; set_field '["VDI","leaf","sm_config",{}]') &
changer=$!
xvm sr chains --wait --timeout 30s --fields name,length,merge
wait "$changer"
set_field "[\"VDI\",\"base\",\"sm_config\",{\"vhd-parent\":\"$(xapi_py <<<'print(call("VDI.get_uuid", one("VDI", "middle")))')\"}]"
set_field "[\"VDI\",\"leaf\",\"sm_config\",{\"vhd-parent\":\"$(xapi_py <<<'print(call("VDI.get_uuid", one("VDI", "middle")))')\"}]"
xvm sr chains --fields name,length 2>&1 | sed 's/[0-9a-f-]\{36\}/UUID/'
xapi_changes | grep -v VDI.create
