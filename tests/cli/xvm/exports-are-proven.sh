#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# One VM to a file, to a pipe, compressed here and there; a running one through a snapshot; many to a folder, with
# names that are no paths. What arrives is what the disk holds, and nothing stays behind on the server.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires zstd
with_xapi --vms 3 --running 1
xapi_py <<'END'
import random
data = random.Random(1).randbytes(70000)
disk = small_disk("vm002", 5 * 2**20 + 512, {0: b"A" * 512, 2**20 + 512: data[:69632], 5 * 2**20: b"z" * 512})
open("disk.raw", "wb").write(content(disk))
small_disk("vm003", 2**20, {512: b"C" * 512})
call("VM.set_name_label", one("VM", "vm003"), "../../etc/a;b c")
END
row=(--fields "status,name,message")
xapi_changes >/dev/null
same() {
    xva-verify "$@" >/dev/null
    xva-disk "$1" --to raw -o out.raw
    cmp out.raw disk.raw
}
in_short() { sed 's/[0-9.]* [KM]iB in/N in/'; }
xvm export vm002 -o web.xva --dry-run "${row[@]}"
nothing_changed
xvm export vm002 -o web.xva "${row[@]}" | in_short
same web.xva
xvm export vm002 -o - | cat >pipe.xva
same pipe.xva
xvm export vm002 -o local.xva.zst --zstd local "${row[@]}" | in_short
zstd -tq local.xva.zst
same local.xva.zst
xvm export vm002 -o - --zstd server >server.zst
zstd -tq server.zst
same server.zst
nothing_changed
status xvm export vm001 --halted -o no.xva "${row[@]}"
status xvm export vm002 -o web.xva "${row[@]}"
nothing_changed
xvm export vm001 -o run.xva "${row[@]}" | in_short
xva-verify run.xva >/dev/null
xapi_changes
! grep -aq xenlab:run run.xva || echo "BAD: the mark is in the archive"
no_remains
xvm export --all -o all/ "${row[@]}" | in_short
ls -b all
xva-verify all/*.xva >/dev/null
status xvm export --all -o - >/dev/null
status xvm export --all -o one.xva
no_remains
ls -- *.part 2>/dev/null || true
