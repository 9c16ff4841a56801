#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A filesystem with inline_data: files and folders that lie in their inodes are replaced, grow out of them and are removed.
. "$LIB"
requires mke2fs e2fsck debugfs
mkdir -p tree/dir tree/gone
for size in 5 60 140; do head -c $size /dev/urandom >"tree/f$size"; done
head -c 9000 /dev/urandom >tree/dir/outside
cp tree/f5 tree/f60 tree/dir/
head -c 4 /dev/urandom >4
head -c 150 /dev/urandom >150
head -c 200000 /dev/urandom >200000
: >0
for block in 1024 4096; do
    rm -f disk.raw
    truncate -s 16M disk.raw
    mke2fs -q -t ext4 -O inline_data -I 256 -b $block -d tree disk.raw
    xva-put disk.raw 200000 /f5 4 /f60 150 /f140 0 /dir/f5 200000 /dir/f60 4 /dir/outside 150 /new 200000 /dir/new \
        --rm /gone --mkdir /made --in-place
    for i in $(seq 60); do printf '%s\0' 4 "/dir/a name that takes some room $i"; done | xargs -0 xva-put disk.raw --in-place
    xva-put disk.raw 4 /made/small --rm /f140 --rm '/dir/a name that takes some room 7' --in-place
    e2fsck -fn disk.raw >fsck.out 2>&1 || { echo "BAD: $block"; cat fsck.out; }
    for pair in 200000:/f5 4:/f60 0:/dir/f5 200000:/dir/f60 4:/dir/outside 150:/new 200000:/dir/new 4:/made/small \
        '4:/dir/a name that takes some room 60'; do
        debugfs -R "cat \"${pair#*:}\"" disk.raw 2>/dev/null | cmp - "${pair%%:*}"
    done
    xva-ls disk.raw /dir | wc -l
    xva-ls disk.raw / | tr '\n' ' '
done
