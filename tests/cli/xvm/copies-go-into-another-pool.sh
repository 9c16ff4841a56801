#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# labels: full
# tools: xvm
# A VM copied into another pool arrives with its disk, a running one through a snapshot, and both pools are as before
# where it fails: on the side that exports, and on the one that imports.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
with_xapi --vms 1
another_pool --vms 2
xapi_py <<'END'
import random
disk = small_disk("vm002", 2 * 2**20, {512: b"A" * 512, 2**20: random.Random(1).randbytes(2**20)})
open("disk.raw", "wb").write(content(disk))
small_disk("vm001", 2**20, {0: b"r" * 512})
END
there() { # COMMAND: with the other pool in place of this one
    mv xapi.ready here.ready
    cp there.ready xapi.ready
    "$@"
    mv here.ready xapi.ready
}
copied() { xapi_py <<<'print("same" if content(disk_of("copy")) == open("disk.raw", "rb").read() else "BAD: another disk")'; }
vms() { xvm ls -c there --fields name,power | sort; }
uuid=$(xvm copy vm002 --to there --name copy --start)
there copied
[[ $(xvm ls "there/$uuid" --fields name) == copy ]] || echo "BAD: the uuid"
xvm start vm001 >/dev/null
xvm copy vm001 --to there >/dev/null
vms
status xvm copy vm001 --to there --halted
status xvm copy vm002 --to there --sr nosuch
xapi_do fault cut:/export:1:500000
status xvm copy vm002 --to there
vms
no_remains
