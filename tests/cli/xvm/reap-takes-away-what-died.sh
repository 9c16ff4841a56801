#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What runs of our tools left when they were killed goes; what a live run has, what is of another machine and what is
# not ours stays.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
with_xapi --vms 4
row=(--fields "status,name,message")
in_words() { sed -E "s/@$(uname -n | sed 's/[^A-Za-z0-9._-]/-/g')\.[0-9]+\.[0-9]+/@HERE.N.N/g; s/(elsewhere\.13)\.[0-9]+/\1.N/"; }
xvm reap
sleep 100 &
live="xvm@$(uname -n).$!.$(date +%s)"
dead="xva-put@$(uname -n).4194999.100"
echo "$live" >live
export DEAD=$dead LIVE=$live
xapi_py <<'END'
import os, time
dead, live = os.environ["DEAD"], os.environ["LIVE"]
far_old, far_new = "xvm@elsewhere.12.100", f"xvm@elsewhere.13.{int(time.time())}"
for vm, op, mark in [("vm001", "start", dead), ("vm001", "resume", live), ("vm002", "start", far_old),
                     ("vm002", "destroy", far_new)]:
    call("VM.add_to_blocked_operations", one("VM", vm), op, f"xenlab:run={mark}: its disk is written")
call("VM.add_to_blocked_operations", one("VM", "vm003"), "start", "by hand")
snap = call("VM.snapshot", one("VM", "vm003"), "for the export")
call("VM.add_to_other_config", snap, "xenlab:run", dead)
for name, mark in [("temporary", dead), ("in use", live)]:
    call("VDI.add_to_other_config", vdi("shared storage", name), "xenlab:run", mark)
task = call("task.create", "xenlab upload", "")
call("task.add_to_other_config", task, "xenlab:run", dead)
END
xapi_changes >/dev/null
status xvm reap
status xvm reap bad
xvm reap --dry-run "${row[@]}" | in_words
xvm reap "xvm@elsewhere.13.1" --dry-run
nothing_changed
xvm reap -y "${row[@]}" | in_words
xapi_changes
xvm reap --older 0s -y "${row[@]}" | in_words
xvm vdi orphans --fields name
xapi_py <<'END'
print(sorted(len(v["blocked_operations"]) for v in call("VM.get_all_records").values() if v["blocked_operations"]))
print(len(call("task.get_all")), sum(v["is_a_snapshot"] for v in call("VM.get_all_records").values()))
END
# What a real command leaves when it is killed carries its mark.
xapi_do fault stall:VBD.create
xvm disk add vm004 --size 1M --name "half done" 2>/dev/null &
killed=$!
disown # or this shell tells of its end
wait_for 20 grep -qs VDI.create xapi.log
wait_for 20 grep -qs stall xapi.log
kill -9 $killed
gone() { ! kill -0 $killed 2>/dev/null; }
wait_for 20 gone
xvm reap -n "${row[@]}" | in_words
xvm reap -y "${row[@]}" | in_words
