#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# timeout: 120
# --open: the first viewer that is installed is started for the port, without what we block and ignore, and xvm ends with it.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
. "$ROOT/tests/cli/vnc_guest.sh"
with_vnc_guest
with_xapi --vms 1 --running 1 --console "$PWD/vnc"
mkdir bin only
for program in xvm python3 bash; do ln -s "$(command -v $program)" "only/$program"; done
PATH=$PWD/only status xvm console vm001 --open >none.out
grep -v '^127' none.out
cat >bin/gvncviewer <<'END'
#!/usr/bin/env python3
import re, signal, sys
from rfb_viewer import Viewer
print("not for standard output")
host, port = re.fullmatch(r"(.*)::(\d+)", sys.argv[1]).groups()
viewer = Viewer(int(port))
blocked = signal.pthread_sigmask(signal.SIG_BLOCK, []) & {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
with open("seen", "a") as seen:
    print(sys.argv[0].rpartition("/")[2], host, "has the screen" if viewer.update()[0] else "BAD", file=seen)
    print("blocked:", [s.name for s in blocked], file=seen)
viewer.press(ord("b"))
while not open("keys").read():
    pass
END
chmod +x bin/gvncviewer
export PYTHONPATH=$ROOT/tests/tools
PATH=$PWD/bin:$PWD/only status xvm console vm001 --open >output
sed 's/^\(127.*:\).*/\1PORT/' output
cat seen keys
echo
# another one is preferred, and its argument is a URL
sed 's/gvncviewer/remote-viewer/; s/(\.\*)::/vnc:\/\/(.*):/' bin/gvncviewer >bin/remote-viewer
chmod +x bin/remote-viewer
rm seen
PATH=$PWD/bin:$PWD/only status xvm console vm001 --open --listen 127.0.0.1:0 >output
sed 's/^\(127.*:\).*/\1PORT/' output
cat seen
no_remains
