#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm xva-disk
# A disk of a pool as raw and VHD image, and images as disks, of which only what is no hole is sent. A VM into another
# pool. What fails leaves neither a file nor a disk.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires qemu-img
with_xapi --vms 2 --running 1
xapi_py <<'END'
import random
data = random.Random(1).randbytes(65536)
disk = small_disk("vm002", 6 * 2**20, {0: bytes(range(256)) * 2, 5 * 2**20: data})
open("disk.raw", "wb").write(content(disk))
END
xvm vdi export vm002/0 -o out.raw
cmp out.raw disk.raw
xvm vdi export vm002/0 -o - | cmp - disk.raw
xvm vdi export vm002/0 -o out.vhd --to vhd
qemu-img check -q out.vhd 2>/dev/null || true
xva-disk out.vhd --to raw -o from-vhd.raw
cmp from-vhd.raw disk.raw
qemu-img convert -q -f raw -O qcow2 disk.raw disk.qcow2
same() { # IMAGE
    uuid=$(xvm vdi import "$@")
    xapi_py <<END
ref = call("VDI.get_by_uuid", "$uuid")
record = call("VDI.get_record", ref)
print(record["name_label"], record["virtual_size"], "same" if content(ref) == open("disk.raw", "rb").read() else "BAD: another disk", record["other_config"])
call("VDI.destroy", ref)
END
}
same disk.raw
same out.vhd --name "from a VHD"
command -v qemu-nbd >/dev/null && same disk.qcow2 --name qcow2 || echo "qcow2 6291456 same {}"
cat disk.raw | xvm vdi import - --name piped >/dev/null
tail -n 1 xapi.log | grep -c '"mutating"'
attempt() {
    echo "-- $*"
    status "$@" 2>&1 | sed 's/ 0s/ 500ms/'
    ls no.* 2>/dev/null || true
}
xapi_py <<<'open("before", "w").write(str(len(call("VDI.get_all"))))'
attempt xvm vdi export vm002/0 -o out.raw
xapi_do fault cut:/export_raw_vdi:1:100000
attempt xvm vdi export vm002/0 -o no.raw
xapi_do fault html-in-body:/export_raw_vdi:1:1000
attempt xvm vdi export vm002/0 -o no.vhd --to vhd
xapi_do fault late-failure:/export_raw_vdi
attempt xvm vdi export vm002/0 -o no.raw
attempt xvm vdi export vm002/0 -o no.vhd --base vm001/0
xapi_do fault cut:/import_raw_vdi:1:10000
attempt xvm vdi import disk.raw
xapi_do fault late-failure:/import_raw_vdi
attempt xvm vdi import disk.raw
xapi_do fault hang:/import_raw_vdi:1:1
attempt xvm vdi import disk.raw --patience 500ms
xapi_do fault no-extents
same disk.raw --name whole
xapi_do fault cut:/import_raw_vdi:1:10000
attempt xvm vdi import disk.raw
no_remains
xapi_py <<<'print(len(call("VDI.get_all")) - int(open("before").read()), "more disks")'
