#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm xva-disk
# A snapshot's disk is a source of its own (snap:UUID), which writes to the VM do not reach. With --base only what differs
# from it is exported, as a differencing VHD that makes the disk again on top of the old one.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
with_xapi --vms 1
xapi_py <<'END'
import random
disk = small_disk("vm001", 16 * 2**20, {n * 2**21: random.Random(n).randbytes(2**20) for n in range(8)})
open("before.raw", "wb").write(content(disk))
END
xvm snap create base vm001 >/dev/null
xapi_py <<'END'
disk = disk_of("vm001")
fill(disk, {3 * 2**21 + 4096: b"changed" * 512})
open("after.raw", "wb").write(content(disk))
snap = call("VM.get_snapshots", one("VM", "vm001"))[0]
print(call("VM.get_uuid", snap), file=open("snap", "w"))
print(call("VDI.get_uuid", call("VDI.get_snapshots", disk)[0]), file=open("base", "w"))
END
cmp before.raw after.raw >/dev/null && echo "BAD: nothing was changed"
xva-disk "snap:$(cat snap)" --to raw -o out.raw
cmp out.raw before.raw
xvm vdi export vm001/0 --to vhd -o whole.vhd
xvm vdi export vm001/0 --to vhd --base "$(cat base)" -o delta.vhd
xva-disk whole.vhd --to raw -o whole.raw
cmp whole.raw after.raw
python3 - <<'END' # what a host does with it; the stream names no file as its parent
import struct
delta, disk = open("delta.vhd", "rb").read(), bytearray(open("before.raw", "rb").read())
head, = struct.unpack_from(">Q", delta, 16)
table, _, entries, size = struct.unpack_from(">QIII", delta, head + 16)
print("type", *struct.unpack_from(">I", delta, 60), "with", len(delta) // 2**20, "MiB")
for block in range(entries):
    at = struct.unpack_from(">I", delta, table + 4 * block)[0] * 512
    if at == 0xFFFFFFFF * 512:
        continue
    for sector in range(size // 512):
        if delta[at + sector // 8] & 0x80 >> sector % 8:
            start = block * size + sector * 512
            disk[start:start + 512] = delta[at + 512 + sector * 512:][:512]
print("same" if disk == open("after.raw", "rb").read() else "BAD: another disk")
END
status xva-disk snap:00000000-0000-0000-0000-000000000000 --to raw -o no.raw
status xvm vdi export vm001/0 --base "$(cat base)" -o no.raw
