#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# From a pipe the table and what lies near, and the writer learns at once that nobody reads on.
. "$LIB"
requires jq
sample xo-mbr-fat-ntfs-ext4 >a.xva
python3 - <<'P'
import os, subprocess
r, w = os.pipe()
p = subprocess.Popen(["xva-mbr", "-", "--json", "-o", "out"], stdin=r)
os.close(r)
sent = 0
data = open("a.xva", "rb").read()
try:
    while sent < len(data):
        sent += os.write(w, data[sent:sent + 4096])
except BrokenPipeError:
    pass
p.wait()
print("exit", p.returncode, "taken below 2 MiB:", sent < 2 << 20)
P
jq -c '[.complete, .disks[0].label, [.disks[0].partitions[] | [.number, .fs, .fs_label]]]' out
xva-mbr --json --complete - <a.xva | jq -c '[.complete, [.disks[0].partitions[] | [.number, .fs, .fs_label]]]'
