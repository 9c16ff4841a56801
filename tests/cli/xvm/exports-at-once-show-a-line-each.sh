#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# Two exports at a time, each with its own line of progress, which goes when that one has ended; in lines and as JSON the
# last word about each is that all has come.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires jq
with_xapi --vms 3
xapi_py <<'END'
import random
for vm in "vm001", "vm002", "vm003":
    small_disk(vm, 2**21, {n * 2**20: random.Random(n).randbytes(2**20) for n in range(2)})
END
xapi_do fault 'trickle:/export:*:60'
xvm export --all -o bar/ --progress bar --progress-fd 5 5>bar.out | cut -f1,2
python3 - <<'END'
frames = open("bar.out", newline="").read().split("\x1b[J")
shown = {tuple(line.split(":")[0].split("\r")[-1] for line in frame.split("\n") if "of" in line) for frame in frames}
pairs = {names for names in shown if len(names) == 2}
print("two at a time" if pairs else f"BAD: {shown}")
print("never more" if all(len(names) <= 2 for names in shown) else f"BAD: {shown}")
print("all", *sorted({name for names in shown for name in names}))
END
xapi_do clear
xvm export --all -o json/ --progress json --progress-fd 5 5>json.out >/dev/null
jq -s -c 'group_by(.what)[] | last | [.what, .position == .total]' json.out
xvm export vm001 -o line/ --progress line 2>&1 >/dev/null | tail -n 1 | grep -o '(100%)'
