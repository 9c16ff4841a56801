#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Many features of ext, full directories, hard links, replaced and removed files.
. "$LIB"
requires mke2fs e2fsck debugfs
mkdir -p tree/dir
echo old >tree/file
ln tree/file tree/link
for i in $(seq 300); do echo "$i" >"tree/dir/file-with-a-rather-long-name-$i"; done
head -c 2000000 /dev/urandom >big
for kind in 'ext2' 'ext3' 'ext4' 'ext4 -O ^metadata_csum,^64bit' 'ext4 -b 4096' 'ext4 -O bigalloc -C 16384'; do
    rm -f disk.raw
    truncate -s 24M disk.raw
    # shellcheck disable=SC2086
    mke2fs -q -t $kind -d tree disk.raw
    xva-put disk.raw big /dir/big big /file big /new --rm /dir/file-with-a-rather-long-name-7 --mkdir /sub \
        --mode 0600 --in-place
    echo x | xva-put disk.raw - /sub/x --backup .bak --in-place
    echo y | xva-put disk.raw - /sub/x --backup .bak --in-place
    e2fsck -fn disk.raw >fsck.out 2>&1 || { echo "BAD: $kind"; cat fsck.out; }
    debugfs -R 'cat /dir/big' disk.raw 2>/dev/null | cmp - big
    debugfs -R 'cat /link' disk.raw 2>/dev/null | cmp - big
    debugfs -R 'cat /sub/x' disk.raw 2>/dev/null
    debugfs -R 'cat /sub/x.bak' disk.raw 2>/dev/null
    debugfs -R 'stat /new' disk.raw 2>/dev/null | grep -o 'Mode:  [0-7]*'
done
