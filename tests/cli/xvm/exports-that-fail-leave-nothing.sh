#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A server that cuts, flips, stops, lies, appends an error page, fails at the end or never says how it ended; a full
# disk, a reader that leaves, Ctrl-C. The exit code and the words say which side it was; nothing has the final name, and
# nothing is left on the server.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
with_xapi --vms 2
xapi_py <<'END'
import random
small_disk("vm001", 3 * 2**20, {n * 2**20: random.Random(n).randbytes(2**20) for n in range(3)})
END
attempt() { # FAULT
    echo "-- $1"
    xapi_do "fault $1"
    status xvm export vm001 -o x.xva --patience 1s --fields status,message 2>err | sed -E 's/is [0-9A-F]{16}, the/is HASH, the/; s/says [0-9A-F]{16}/says HASH/'
    grep -v "hint:" err | sed 's/^/stderr: /' || true
    xapi_do clear
    left_behind
    ls x.xva x.xva.part 2>/dev/null || true
}
for bytes in 100 20000 1500000 3145728; do attempt "cut:/export:1:$bytes"; done
attempt flip:/export:1:2000000
attempt html-in-body:/export:1:1100000
attempt html-in-body:/export:1:1
attempt hang:/export:1:1500000
attempt length:/export:1:1500000
attempt late-failure:/export
attempt no-verdict:/export
attempt html:/export
echo "-- full disk"
status xvm export vm001 -o /dev/full --fields status,message 2>/dev/null
left_behind
echo "-- reader leaves"
code=0
xvm export vm001 -o - | head -c 100 >/dev/null || code=$?
echo "exit $code"
left_behind
echo "-- interrupt"
xapi_do fault hang:/export:1:1500000
xvm export vm001 -o x.xva 2>/dev/null &
wait_for 30 test -s x.xva.part
kill -INT $!
status wait $!
left_behind
ls x.xva x.xva.part 2>/dev/null || true
