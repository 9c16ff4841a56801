#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# timeout: 180
# A viewer of --listen goes on seeing the VM and pressing its keys when another host runs it, and when it was off in between.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
. "$ROOT/tests/cli/vnc_guest.sh"
with_vnc_guest
with_xapi --hosts 2 --vms 2 --running 1 --console "$PWD/vnc"
xvm console vm001 --listen 127.0.0.1:0 >port 2>notes &
proxy=$!
wait_for 20 test -s port
case $(xvm ls vm001 --format tsv --fields host) in host1) other=host2 ;; *) other=host1 ;; esac
PYTHONPATH=$ROOT/tests/tools python3 - "$(cut -d: -f2 port)" "$other" <<'END'
import subprocess, sys, time
from rfb_viewer import Viewer
viewer = Viewer(int(sys.argv[1]))
def shows(colour):
    end = time.monotonic() + 60
    while viewer.update()[1] != colour:
        assert time.monotonic() < end, colour
        time.sleep(0.05)
def xvm(*words):
    subprocess.run(["xvm", *words, "--format", "ids"], check=True, stdout=subprocess.DEVNULL)
def noted(words, times):
    end = time.monotonic() + 60
    while open("notes").read().count(words) < times:
        assert time.monotonic() < end, words
        time.sleep(0.05)
BLUE, GREEN, RED = b"\xa8\0\0\xff", b"\0\xa8\0\xff", b"\0\0\xa8\xff"
shows(RED)
viewer.press(ord("b"))
shows(GREEN)
xvm("migrate", "vm001", "--to", sys.argv[2])
noted("is back", 1)
viewer.press(ord("a"))
shows(BLUE)
print("after the migration:", open("keys").read())
xvm("kill", "vm001", "--yes")
noted("has ended", 2)
viewer.press(ord("c"))  # goes nowhere
xvm("start", "vm001")
noted("is back", 2)
viewer.press(ord("d"))
shows(RED)
print("after a stop and a start:", open("keys").read())
viewer.close()
END
kill $proxy
wait $proxy 2>/dev/null || echo "exit $?"
sed 's/^/note: /' notes
no_remains
