#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The same for every hostile archive that the maker knows, a million tiny entries among them.
# labels: full
# timeout: 600
. "$LIB"
requires zstd
peak() { # COMMAND...
    python3 - "$@" <<'P'
import resource, subprocess, sys
p = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(sys.argv[-1], "exit", p.returncode, "memory fine" if kib < 64 << 10 else f"{kib} KiB")
P
}
python3 "$ROOT/tests/tools/make_xva.py" --list-hostile | awk '{print $1}' >names
while read -r name; do
    xva --hostile "$name" "$name.xva"
    peak xva-verify --keep-going "$name.xva"
    peak xva-mbr "$name.xva"
    rm -rf "$name.xva"
done <names
