#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Standard input to standard output; chunks are made where the archive had holes.
. "$LIB"
requires mke2fs e2fsck
mkdir tree
echo old >tree/hello
truncate -s 64M disk.raw
mke2fs -q -t ext4 -d tree disk.raw
xva --disk disk.raw in.xva
head -c 9000000 /dev/urandom >big
xva-put - big /big -o - <in.xva >out.xva
xva-verify out.xva
xva-cat out.xva /big | cmp - big
xva-cat out.xva /hello
xva --disk disk.raw --compress zstd in.xva.zst
xva-put in.xva.zst big /big -o out2.xva
xva-cat out2.xva /big | cmp - big
status xva-put in.xva.zst big /big --in-place
status xva-put - - /x -o - <in.xva
status xva-put in.xva big /big
status xva-put in.xva big -o x
status xva-put in.xva big /no/such/folder/x -o out3.xva
status xva-put in.xva missing /x -o out3.xva
[[ ! -e out3.xva && ! -e out3.xva.part ]] || echo "BAD: something was written"
