#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A filesystem with inline_data: files and folders that lie in their inodes are replaced, grow out of them and are removed.
. "$LIB"
requires mke2fs e2fsck debugfs
mkdir -p tree/dir tree/gone
for size in 5 60 140; do head -c $size /dev/urandom >"tree/f$size"; done
head -c 9000 /dev/urandom >tree/dir/outside
cp tree/f5 tree/f60 tree/dir/
head -c 4 /dev/urandom >few
head -c 150 /dev/urandom >some
head -c 200000 /dev/urandom >many
: >none
for block in 1024 4096; do
    rm -f disk.raw
    truncate -s 16M disk.raw
    mke2fs -q -t ext4 -O inline_data -I 256 -b $block -d tree disk.raw
    xva-put disk.raw many /f5 few /f60 some /f140 none /dir/f5 many /dir/f60 few /dir/outside some /new many /dir/new \
        --rm /gone --mkdir /made --in-place
    for i in $(seq 60); do printf '%s\0' few "/dir/a name that takes some room $i"; done | xargs -0 xva-put disk.raw --in-place
    xva-put disk.raw few /made/small --rm /f140 --rm '/dir/a name that takes some room 7' --in-place
    e2fsck -fn disk.raw >fsck.out 2>&1 || { echo "BAD: $block"; cat fsck.out; }
    for pair in many:/f5 few:/f60 none:/dir/f5 many:/dir/f60 few:/dir/outside some:/new many:/dir/new few:/made/small \
        'few:/dir/a name that takes some room 60'; do
        debugfs -R "cat \"${pair#*:}\"" disk.raw 2>/dev/null | cmp - "${pair%%:*}"
    done
    xva-ls disk.raw /dir | wc -l
    xva-ls disk.raw / | tr '\n' ' '
done
