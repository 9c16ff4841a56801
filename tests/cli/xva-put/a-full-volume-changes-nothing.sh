#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
requires mke2fs mkntfs mkfs.vfat
head -c 20000000 /dev/urandom >big
truncate -s 16M ext.raw ntfs.raw fat.raw
mke2fs -q -t ext4 ext.raw
mkntfs -qFf ntfs.raw >/dev/null 2>&1
mkfs.vfat fat.raw >/dev/null
for disk in ext ntfs fat; do
    cp $disk.raw before.raw
    status xva-put $disk.raw big disk:/big --in-place 2>/dev/null
    cmp $disk.raw before.raw
done
