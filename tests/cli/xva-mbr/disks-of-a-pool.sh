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
xva-mbr disk.raw >expected
xvm start vm001 >/dev/null
same() {
    xva-mbr "$@" >out 2>err || cat err
    cmp out expected
    grep -o 'read over NBD\|read from a.*\|no VHD export.*\|NBD is not used: [a-z ]*\|a snapshot of it.*' err || true
    fetched=$(sed -n 's/.*: \([0-9.]* [KM]iB\) fetched/\1/p' err)
    [ -z "$fetched" ] || python3 -c 'import sys; n, unit = sys.argv[1].split(); assert float(n) * {"KiB": 1, "MiB": 1024}[unit] <= 2100, sys.argv' "$fetched"
    left_behind
}
same -v vm:vm002
same -v vm:vm002/xvda
same -v vm:vm001
same -v "vdi:$(cat vm002.vdi)"
xapi_do fault 'html-in-body:/export_raw_vdi:1:1'
same -v vm:vm002
xva-disk vm:vm002 --to raw -o copy.raw
cmp copy.raw disk.raw
left_behind
status xva-mbr vm:vm002/xvdb
status xva-mbr vm:nobody
status xva-mbr "vdi:$(cat vm001.vdi)"
xapi_py <<<'call("network.add_purpose", call("network.get_all")[0], "nbd")'
same -v vm:vm002
