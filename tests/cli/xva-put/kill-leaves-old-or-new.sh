#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# labels: full
# timeout: 120
# kill -9 in the middle of a change in place: undo gives the disk back bit for bit.
. "$LIB"
requires mke2fs
head -c 30000000 /dev/urandom >big
truncate -s 64M disk.raw
mke2fs -q -t ext4 disk.raw
cp disk.raw before.raw
for delay in 0.02 0.05 0.08 0.1 0.15 0.2 0.3; do
    cp before.raw disk.raw
    xva-put disk.raw big /big --in-place 2>/dev/null &
    sleep "$delay"
    kill -9 $! 2>/dev/null || true
    wait $! 2>/dev/null || true
    if [[ -e disk.raw.undo || -e disk.raw.undo.part ]]; then
        xva-disk --undo disk.raw >/dev/null 2>&1
        cmp disk.raw before.raw
    elif ! cmp -s disk.raw before.raw; then
        xva-cat disk.raw /big | cmp - big
    fi
done
