#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# labels: full
# timeout: 120
# From a file, a pipe, compressed and from another pool through a pipe: the uuid is the answer, the disk is the same. A
# reset after success is success; what fails, is damaged, cut or given up leaves nothing.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires zstd
with_xapi --vms 1
xapi_py <<'END'
import random
data = random.Random(1).randbytes(2**20)
disk = small_disk("vm001", 4 * 2**20 + 512, {0: b"A" * 512, 2 * 2**20: data, 4 * 2**20: b"z" * 512})
open("disk.raw", "wb").write(content(disk))
END
xvm export vm001 -o a.xva >/dev/null
check() { # UUID of a new VM: the same disk, nothing of an import left, and away with it
    xapi_py <<END
vm = call("VM.get_by_uuid", "$1".strip())
record = call("VM.get_record", vm)
same = content(disk_of(record["name_label"])) == open("disk.raw", "rb").read()
print(record["name_label"], "same" if same else "BAD: another disk", record["power_state"])
disk = disk_of(record["name_label"])
if record["power_state"] != "Halted": call("VM.hard_shutdown", vm)
call("VM.destroy", vm)
call("VDI.destroy", disk)
END
}
check "$(xvm import a.xva --name plain)"
check "$(cat a.xva | xvm import - --name piped --start)"
zstd -q a.xva -o a.xva.zst
check "$(xvm import a.xva.zst --name zst)"
check "$(xvm export vm001 -o - | xvm import - --name copied)"
xapi_do fault reset-at-end:/import
check "$(xvm import a.xva --name reset)"
python3 - <<'END'
import re
data = open("a.xva", "rb").read()
xml = data[512:512 + int(data[124:135], 8)]
less = re.sub(rb"<member><name>recommendations</name>.*?</member>", b"", xml)
less += b" " * (len(xml) - len(less))
open("old.xva", "wb").write(data[:512] + less + data[512 + len(xml):])
open("flip.xva", "wb").write(data[:-600000] + bytes([data[-600000] ^ 1]) + data[-599999:])
END
attempt() {
    echo "-- $*"
    status "$@" 2>&1 | sed -E 's/[0-9A-F]{16}/HASH/g; s/Ref:[0-9]+/REF/g; s/byte [0-9]+/byte N/; s/ 0s/ 500ms/; s/127.0.0.1:[0-9]+/HOST/'
}
attempt xvm import old.xva
check "$(xvm import old.xva --repair --name mended 2>/dev/null)"
attempt xvm import flip.xva
head -c 1500000 a.xva | attempt xvm import -
xapi_do fault late-failure:/import
attempt xvm import a.xva
xapi_do fault cut:/import:1:1000000
attempt xvm import a.xva --patience 2s
xapi_do fault hang:/import:1:100000
attempt xvm import a.xva --patience 500ms
xapi_do fault html:/import
attempt xvm import a.xva
no_remains
xapi_py <<<'print(len([v for v in call("VM.get_all_records").values() if not v["is_a_template"] and not v["is_control_domain"]]), "VM")'
