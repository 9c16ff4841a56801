#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A dynamic and a fixed VHD, changed in place: qemu and e2fsck agree, blocks are added, and undo gives the old one back.
. "$LIB"
requires mke2fs e2fsck qemu-img debugfs
mkdir tree
echo old >tree/hello
truncate -s 64M disk.raw
mke2fs -q -t ext4 -d tree disk.raw
head -c 7000000 /dev/urandom >big
for kind in dynamic fixed; do
    qemu-img convert -f raw -O vpc -o subformat=$kind,force_size=on disk.raw disk.vhd
    cp disk.vhd before.vhd
    xva-put disk.vhd big /big big /hello --mkdir /new --in-place
    xva-cat disk.vhd /hello | cmp - big
    qemu-img convert -f vpc -O raw disk.vhd back.raw
    e2fsck -fn back.raw >fsck.out 2>&1 || cat fsck.out
    debugfs -R 'cat /big' back.raw 2>/dev/null | cmp - big
    xva-ls disk.vhd /
    # The same, ended before it was done.
    cp before.vhd disk.vhd
    xva-put disk.vhd big /big --in-place &
    sleep "0.0$RANDOM"
    kill -9 $! 2>/dev/null || true
    wait $! 2>/dev/null || true
    if [[ -e disk.vhd.undo || -e disk.vhd.undo.part ]]; then
        xva-disk --undo disk.vhd >/dev/null 2>&1
        cmp disk.vhd before.vhd
    elif ! cmp -s disk.vhd before.vhd; then
        xva-cat disk.vhd /big | cmp - big
    fi
    status xva-ls disk.vhd /hello
done
