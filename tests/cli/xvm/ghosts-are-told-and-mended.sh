#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Evidence first; a dry run changes nothing; what is mended is mended without touching data, and what cannot be mended
# is only told.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires jq
with_xapi --vms 9 --running 3
row=(--fields "status,name,message")
xvm ghost ls
xvm ghost ls --json | jq -c .
xapi_py <<'END' >held.uuid
held = vdi("shared storage", "held")
a = vbd(dom0(), held, "7")
call("VBD.plug", a)
print(call("VBD.get_uuid", a))
call("VDI.add_to_other_config", disk_of("vm004"), "transfervm", "true")
vbd(one("VM", "vm004"), vdi("shared storage", "data of a user"), "1")
for name, key, value in [("vm004", "transfervm_clone", "true"), ("vm003", "transfervm_clone", "true"),
                         ("vm007", "xenlab:run", "xvm@elsewhere.12.100")]:
    call("VM.add_to_other_config", one("VM", name), key, value)
call("VM.set_name_label", one("VM", "vm004"), "Transfer VM for VDI x")
call("VM.set_name_label", one("VM", "vm008"), "[XO Export] web")
call("VM.set_name_label", one("VM", "vm009"), "__gui__copy")
END
set_field '["VM","vm005","current_operations",{"OpaqueRef:gone":"start"}]'
set_field '["VM","vm006","current_operations",{"OpaqueRef:gone":"import"}]'
set_field '["host","host2","metrics.live",false]'
xapi_do dead vm002
xapi_changes >/dev/null
xvm ghost ls --fields evidence,class,name,message,advice,fix
xvm ghost ls --json | jq -r '.items[] | select(.evidence == "host-dead").uuid' | xvm ghost fix - --dry-run "${row[@]}"
xvm ghost fix --all --dry-run --fields status,name
status xvm ghost fix held
status xvm ghost fix '__gui__copy' vm003 -y "${row[@]}"
status xvm ghost fix nosuch -y
status xvm ghost fix
nothing_changed
xvm ghost fix "$(cat held.uuid)" -y "${row[@]}"
xvm ghost fix --all -y "${row[@]}"
xapi_changes
xvm ghost ls --fields evidence,name
xvm vdi orphans --fields name
xvm ls vm002 vm005 --fields name,power
