#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# An archive is imported from a URL without a file in between; what the web server lacks or cuts off leaves no VM.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
with_xapi --vms 1
xapi_py <<'END'
import random
disk = small_disk("vm001", 2 * 2**20, {0: b"A" * 512, 2**20: random.Random(1).randbytes(2**20)})
open("disk.raw", "wb").write(content(disk))
END
xvm export vm001 -o a.xva >/dev/null
python3 "$ROOT/tests/cli/http_server.py" a.xva >server &
wait_for 30 test -s server
url=$(cat server)
url=${url%/}
uuid=$(xvm import "$url/a.xva" --name web)
xapi_py <<<'print("same" if content(disk_of("web")) == open("disk.raw", "rb").read() else "BAD: another disk")'
[[ $(xvm ls web --fields uuid) == "$uuid" ]] || echo "BAD: the uuid"
status xvm import "$url/cut/a.xva" 2>&1 | sed "s#$url#URL#g; s/Ref:[0-9]*/REF/g"
status xvm import "$url/forbidden" 2>&1 | sed "s#$url#URL#g"
status xvm import "$url/none.xva" 2>&1 | sed "s#$url#URL#g"
xvm ls --fields name
no_remains
