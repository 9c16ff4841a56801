#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xva-mbr xva-disk xvm
# timeout: 180
# On a server that takes no parts of disks, --in-place says so, keeps the whole disk, sends it with the change and reads it back. What breaks off is put back, by itself or by --undo.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires sfdisk
with_xapi --vms 3
disk partial-tail disk.raw
xapi_py <<'END'
data = open("disk.raw", "rb").read()
parts = {at: data[at:at + 65536] for at in range(0, len(data), 65536) if any(data[at:at + 65536])}
parts[3 << 20] = b"X" * 4096  # in no partition's metadata
for vm in "vm001", "vm002", "vm003":
    small_disk(vm, len(data), parts)
free = vdi("shared storage", "free", str(len(data)))
fill(free, parts)
print(call("VDI.get_uuid", free), file=open("free.uuid", "w"))
open("before", "wb").write(content(disk_of("vm001")))
END
sign() { # VM SIGNATURE
    status xva-mbr "vm:$1" --signature "$2" --in-place 2>&1 | sed "s,$XDG_STATE_HOME,STATE,"
}
same() { xapi_py <<<"print('same' if content(disk_of('$1')) == open('$2', 'rb').read() else 'BAD: other bytes')"; }
sent() {
    python3 - <<'END'
import json
calls = [c for c in map(json.loads, open("xapi.log")) if c["method"] == "PUT /import_raw_vdi" and "task_id" in c["query"]]
print([(c["http"], "parts" if "chunked" in c["query"] else "whole") for c in calls])
END
}
none_left() { ! compgen -G "$XDG_STATE_HOME/xenlab/undo/*" || echo "BAD: a log is left"; }
sign vm001 0x5ca1ab1e
xapi_py <<<'open("after", "wb").write(content(disk_of("vm001")))'
cmp -s before after && echo "BAD: not changed"
sent
xapi_do fault no-extents
sign vm002 0x5ca1ab1e
sent
same vm002 after
none_left
no_remains
echo "-- over NBD"
xapi_py <<<'call("network.add_purpose", call("network.get_all")[0], "nbd")'
sign vm003 0x5ca1ab1e
same vm003 after
xapi_py <<<'call("network.remove_purpose", call("network.get_all")[0], "nbd")'
echo "-- a disk that no VM has"
free=vdi:$(cat free.uuid)
status xva-mbr "$free" --signature 0x5ca1ab1e --in-place 2>/dev/null
xapi_py <<<'print("same" if content(call("VDI.get_by_uuid", open("free.uuid").read().strip())) == open("after", "rb").read() else "BAD")'
none_left
no_remains
echo "-- broken off"
xapi_do fault cut:/import_raw_vdi:1:3000000
sign vm002 0x00000000
same vm002 after
xapi_do fault late-failure:/import_raw_vdi
sign vm002 0x00000000
same vm002 after
none_left
no_remains
echo "-- killed when the whole disk was sent"
xapi_do fault no-verdict:/import_raw_vdi
xva-mbr vm:vm002 --signature 0x00000000 --in-place 2>/dev/null &
is_new() { xapi_py <<<'import sys; sys.exit(content(disk_of("vm002")) == open("after", "rb").read())'; }
wait_for 50 is_new
{ kill -9 $!; wait $!; } 2>/dev/null || true
grep -qa XLABPOOL2 "$XDG_STATE_HOME"/xenlab/undo/vdi-*.undo || echo "BAD: not a log of all"
settled() { xapi_do clear; xapi_py <<<'
import time
while any(v["VBDs"] for v in call("VM.get_all_records").values() if v["is_control_domain"]): time.sleep(0.05)'; }
settled
xapi_do fault no-extents
sign vm002 0x00000000
xvm reap -y >/dev/null
status xva-disk --undo vm:vm002 2>&1
same vm002 after
none_left
no_remains
echo "-- killed before anything was sent"
xapi_do clear
xapi_do fault hang:/import_raw_vdi:1:1
xva-mbr vm:vm002 --signature 0x00000000 --in-place 2>/dev/null &
wait_for 30 compgen -G "$XDG_STATE_HOME/xenlab/undo/*.undo" >/dev/null
{ kill -9 $!; wait $!; } 2>/dev/null || true
settled
xapi_do fault no-extents
xvm reap -y >/dev/null
status xva-disk --undo vm:vm002 2>&1
same vm002 after
none_left
echo "-- interrupted while the whole disk is read"
xapi_do fault 'trickle:/export_raw_vdi:*:300'
xva-mbr vm:vm002 --signature 0x00000000 --in-place 2>err &
wait_for 60 grep -qs 'whole disks only' err
kill $!
wait $! 2>/dev/null || echo "exit $?"
grep -v warning err || true
xapi_do clear
same vm002 after
none_left
no_remains
