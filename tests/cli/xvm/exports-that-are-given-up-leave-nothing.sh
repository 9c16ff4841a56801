#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A full disk, a reader that leaves, Ctrl-C, also while a snapshot exists: the server is told, and lets go of all.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
with_xapi --vms 2 --running 1
xapi_py <<'END'
import random
small_disk("vm002", 3 * 2**20, {n * 2**20: random.Random(n).randbytes(2**20) for n in range(3)})
END
interrupted() { # COMMAND...: by Ctrl-C, which a shell lets its background commands ignore
    python3 - "$@" <<'END'
import os, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_DFL)
tool = subprocess.Popen(sys.argv[1:], stderr=subprocess.DEVNULL)
while tool.poll() is None and not (os.path.exists("x.xva.part") and os.path.getsize("x.xva.part")):
    time.sleep(0.02)
tool.send_signal(signal.SIGINT)
print("interrupted:", tool.wait())
END
}
status xvm export vm002 -o /dev/full --fields status,message
no_remains
code=0
xvm export vm002 -o - | head -c 100 >/dev/null || code=$?
echo "reader leaves: $code"
no_remains
for vm in vm002 vm001; do
    xapi_do fault hang:/export:1:500000
    interrupted xvm export $vm -o x.xva
    no_remains
    ls x.xva x.xva.part 2>/dev/null || true
done
