#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xva-put xva-cat xva-disk xvm
# A file of a halted VM changed where it is: some sectors are sent, the VM is held meanwhile and free again afterwards. A
# running VM and a disk in use are refused; what breaks off is put back, by itself or by --undo after a kill.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires mke2fs e2fsck
with_xapi --vms 2
mkdir -p tree/etc
echo "the old one" >tree/etc/motd
mke2fs -q -t ext4 -d tree fs.raw 24M >/dev/null 2>&1
xapi_py <<'END'
data = open("fs.raw", "rb").read()
parts = {at: data[at:at + 65536] for at in range(0, len(data), 65536) if any(data[at:at + 65536])}
disk = small_disk("vm001", len(data), parts)
open("before", "wb").write(content(disk))
END
unchanged() { xapi_py <<<'print("unchanged" if content(disk_of("vm001")) == open("before", "rb").read() else "BAD: changed")'; }
put() { status xva-put vm:vm001 - /etc/motd --in-place; }
xapi_changes >/dev/null
xva-cat vm:vm001 /etc/motd
echo "the new one" | put
xva-cat vm:vm001 /etc/motd
xapi_changes | sort | uniq -c | sed 's/^ *//'
no_remains
xva-disk vm:vm001 --to raw -o after.raw
e2fsck -fn after.raw >/dev/null 2>&1 || echo "BAD: the filesystem"
python3 - <<'END'
import json
sent = [c for c in map(json.loads, open("xapi.log")) if c["method"] == "PUT /import_raw_vdi"][-1]
print("BAD" if "chunked" not in sent["query"] else "chunked")
END
xapi_py <<<'open("before", "wb").write(content(disk_of("vm001")))'
echo "-- refused"
xvm start vm001 >/dev/null
echo no | put 2>&1
xvm kill vm001 -y >/dev/null
xapi_py <<<'open("second", "w").write(vbd(one("VM", "vm002"), disk_of("vm001"), "1"))'
echo no | put 2>&1
xapi_py <<<'call("VBD.destroy", open("second").read())'
unchanged
echo "-- broken off"
xapi_do fault cut:/import_raw_vdi:1:5000
echo no | put 2>&1
xapi_do fault late-failure:/import_raw_vdi
echo no | put 2>&1
unchanged
no_remains
echo "-- killed"
xapi_do fault hang:/import_raw_vdi:1:1
echo no | xva-put vm:vm001 - /etc/motd --in-place 2>/dev/null &
wait_for 30 compgen -G "$XDG_STATE_HOME/xenlab/undo/*.undo" >/dev/null
kill -9 $!
wait $! 2>/dev/null || true
xapi_do clear
xapi_py <<'END'
import time
while any(v["VBDs"] for v in call("VM.get_all_records").values() if v["is_control_domain"]):
    time.sleep(0.05) # until the server has noticed
END
echo no | put 2>&1
xvm reap -y --fields "status,name" | grep vm001 | uniq -c | sed 's/^ *//'
status xva-disk --undo vm:vm001 2>&1 | sed 's/[0-9]* bytes/N bytes/'
unchanged
status xva-disk --undo vm:vm001 2>&1
no_remains
