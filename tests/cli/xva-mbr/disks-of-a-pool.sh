#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xva-mbr xva-disk xvm
# A VM's disks by name: over NBD with the certificate that the pool names, from a VHD export that is stopped as soon as
# enough has come, or from a raw one. A running VM is read through a snapshot. Nothing stays behind.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires sfdisk
with_xapi --vms 2
disk mbr-logical disk.raw
xapi_py <<'END'
data = open("disk.raw", "rb").read()
size = len(data)
parts = {at: data[at:at + 65536] for at in range(0, size, 65536) if any(data[at:at + 65536])}
for vm in "vm001", "vm002":
    disk = small_disk(vm, size, parts)
    print(call("VDI.get_uuid", disk), file=open(f"{vm}.vdi", "w"))
END
xvm start vm001 >/dev/null
fields=(--fields "number,fs,start,sectors,uuid")
xva-mbr disk.raw "${fields[@]}" >expected
same() {
    xva-mbr "$@" "${fields[@]}" -v >out 2>err || true
    cmp out expected
    grep -o 'read over NBD\|read from a.*\|no VHD export\|NBD is not used: [a-z ]*\|a snapshot of it.*' err || true
    no_remains
}
# The first look takes about a megabyte, whatever the size of the disk.
xva-mbr vm:vm002 "${fields[@]}" -v 2>err | head -n 1
python3 -c 'import re; n, unit = re.search(r"([0-9.]+) ([KM]iB) fetched", open("err").read()).groups()
print("little" if float(n) * {"KiB": 1, "MiB": 1024}[unit] <= 2100 else f"BAD: {n} {unit}")'
no_remains
same vm:vm002 --complete
same vm:vm002/xvda --complete
same vm:vm002/0 --complete
same vm:vm001 --complete
same "vdi:$(cat vm002.vdi)" --complete
xapi_do fault 'html-in-body:/export_raw_vdi:1:1'
same vm:vm002 --complete
xva-disk vm:vm002 --to raw -o copy.raw
cmp copy.raw disk.raw
no_remains
status xva-mbr vm:vm002/xvdb
status xva-mbr vm:nobody
status xva-mbr "vdi:$(cat vm001.vdi)" 2>&1 | sed "s/$(cat vm001.vdi)/UUID/"
xapi_py <<<'call("network.add_purpose", call("network.get_all")[0], "nbd")'
same vm:vm002
