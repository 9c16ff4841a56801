# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# More about the simulated pool that with_xapi of lib.sh starts.

# xapi_py: runs the Python on standard input, with call(METHOD, PARAMETER...) and the helpers of
# sim_prelude.py. Its calls stand in the log as those of others do.
xapi_py() {
    cat "$ROOT/tests/cli/sim_prelude.py" - >script.py
    SIM_TESTS=$ROOT/tests/sim python3 script.py
}

# xapi_changes: the calls since the last time that changed the pool, one a line, sorted; tasks aside.
xapi_changes() {
    python3 - <<'END'
import json, os
seen = int(open("seen").read()) if os.path.exists("seen") else 0
lines = open("xapi.log").read().splitlines()
open("seen", "w").write(str(len(lines)))
for name in sorted(call["method"] for call in map(json.loads, lines[seen:])
                   if call.get("mutating") and call.get("status") == "Success"
                   and not call["method"].startswith("task.")):
    print(name)
END
}

# nothing_changed: complains about changes since the last look, and forgets them.
nothing_changed() {
    xapi_changes | sed 's/^/BAD: it called /'
}

# set_field JSON: writes a field that no call can write (tests/sim/README.md).
set_field() {
    xapi_do "set $1"
    tail -n 1 xapi.ready | grep -q '"ok": true' || tail -n 1 xapi.ready
}

# left_behind: what is still on the server beside the login that is kept: sessions, tasks, disks of control domains.
left_behind() {
    xapi_do state
    tail -n 1 xapi.ready | python3 -c '
import json, sys
state = json.load(sys.stdin)
print("left:", state["sessions"], "session,", state["tasks"], "tasks,", state["dom0_vbds"], "VBDs of control domains")'
}

# no_remains: complains about what a transfer has left in the pool, once the server has noticed that it is over.
no_remains() {
    xapi_py <<<'
import time
for _ in range(200):
    if not any(v["VBDs"] for v in call("VM.get_all_records").values() if v["is_control_domain"]):
        break
    time.sleep(0.02)
left_behind()'
}
