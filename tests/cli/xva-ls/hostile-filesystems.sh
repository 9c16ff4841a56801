#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Damage is told with exit 7 or 6, never by a crash or without end.
# timeout: 240
. "$LIB"
requires mke2fs mkntfs mkfs.xfs
mkdir -p tree/a/b
echo x >tree/a/b/c
truncate -s 4M ext.raw
mke2fs -q -t ext4 -b 1024 -O ^metadata_csum -d tree ext.raw
truncate -s 8M ntfs.raw
mkntfs -qFf -L x ntfs.raw >/dev/null 2>&1
python3 "$ROOT/tests/tools/mutate_fs.py" ext.raw ntfs.raw
# So small a volume is made by mkfs.xfs for tests only.
printf 'boot\n0 0\nd--755 0 0\na d--755 0 0\nb ---644 0 0 tree/a/b/c\n$\nl l--777 0 0 a/b\n$\n' >proto
truncate -s 16M xfs.raw
TEST_DIR=x TEST_DEV=x QA_CHECK_FS=x mkfs.xfs -q -m crc=0 -d agcount=1 -p proto xfs.raw >mkfs.out 2>&1
python3 "$ROOT/tests/tools/mutate_fs.py" --rounds 8 xfs.raw
