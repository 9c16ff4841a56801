#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# labels: full
# timeout: 180
# A server that cuts, flips, stops, lies, appends an error page, fails at the end or never says how it ended. The exit
# code and the words say which side it was; nothing has the final name, and nothing is left on the server.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
with_xapi --vms 1
xapi_py <<'END'
import random
small_disk("vm001", 2 * 2**20, {n * 2**20: random.Random(n).randbytes(2**20) for n in range(2)})
END
attempt() { # FAULT
    echo "-- $1"
    xapi_do "fault $1"
    status xvm export vm001 -o x.xva --patience 500ms --fields status,message 2>/dev/null | sed -E 's/is [0-9A-F]{16}, the/is HASH, the/; s/says [0-9A-F]{16}/says HASH/; s/Ref:[0-9]+/REF/; s/byte [0-9]+/byte N/; s/ 0s/ 500ms/; s/127.0.0.1:[0-9]+/HOST/'
    xapi_do clear
    ls x.xva x.xva.part 2>/dev/null || true
}
for bytes in 100 1500000 2097152; do attempt "cut:/export:1:$bytes"; done
attempt flip:/export:1:1000000
attempt html-in-body:/export:1:1
attempt html-in-body:/export:1:1100000
attempt hang:/export:1:1500000
attempt length:/export:1:1500000
attempt late-failure:/export
attempt html:/export
no_remains
attempt no-verdict:/export
