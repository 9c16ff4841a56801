#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Whatever stands in the way of a VM or a disk, in plain words and as a document; nothing is changed by asking.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires jq
with_xapi --vms 7 --running 2
row=(--fields "name,kind,message,hint")
xapi_py <<'END' >mine
held = vdi("shared storage", "held")
call("VBD.plug", vbd(dom0(), held, "7"))
call("VM.add_to_blocked_operations", one("VM", "vm003"), "start", "upgrade tonight")
call("VM.add_to_blocked_operations", one("VM", "vm003"), "destroy", "xenlab:run=xva-put@elsewhere.12.100: its disk is written")
cd = [v for v in call("VM.get_VBDs", one("VM", "vm001")) if call("VBD.get_type", v) == "CD"][0]
call("VBD.insert", cd, one("VDI", "rescue.iso"))
print(call("VBD.get_uuid", cd))
vbd(one("VM", "vm007"), disk_of("vm001"), "1")
for pbd in call("SR.get_PBDs", one("SR", "Local storage 2")):
    call("PBD.unplug", pbd)
END
xapi_changes >/dev/null
in_words() { sed -E 's/[0-9a-f]{8}-[0-9a-f-]{27}/UUID/g; s/begun [0-9]+s ago/begun Ns ago/'; }
xvm why vm001 vm002 vm004
set_field "[\"VBD\",\"$(cat mine)\",\"allowed_operations\",[\"attach\"]]"
xvm why vm001 "${row[@]}"
xapi_do fault busy:vm002:clean_shutdown
xvm why vm002 "${row[@]}" | in_words
xvm why vm003 held vm007 "${row[@]}" | in_words
set_field '["VM","vm004","current_operations",{"OpaqueRef:gone":"start"}]'
set_field '["VDI","vm004 disk","missing",true]'
set_field '["VDI","vm004 disk","sm_config",{"host_OpaqueRef:x":"RW","paused":"true"}]'
set_field '["VM","vm005","power_state","Running"]'
set_field '["SR","shared storage","physical_utilisation",1099511627000]'
xvm why vm004 vm005 vm006/0 "${row[@]}" | in_words
xvm why vm003 --json | jq -c '.schema, (.items[] | [.name, .class, [.obstacles[] | [.kind, .task]]])'
xvm why vm002 --json | jq '.items[0].obstacles[0].task | length'
status xvm why nosuch
status xvm why vm004/9
nothing_changed
