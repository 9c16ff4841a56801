#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Whatever an archive says: below 64 MiB beyond the window, which --memory-limit bounds.
# labels: memory
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
for name in base256-max number-overflow-name xml-entity-bomb xml-deep xml-many-disks virtual-size-2to63; do
    xva --hostile "$name" "$name.xva"
    peak xva-verify --keep-going "$name.xva"
    peak xva-mbr "$name.xva"
done
xva --disk random=2M --compress zstd-long:30 long.xva.zst
status xva-verify --memory-limit 64M long.xva.zst
