#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Damage is told with exit 7 or 6, never by a crash or without end.
. "$LIB"
requires mke2fs mkntfs
mkdir -p tree/a/b
echo x >tree/a/b/c
truncate -s 4M ext.raw
mke2fs -q -t ext4 -b 1024 -O ^metadata_csum -d tree ext.raw
truncate -s 8M ntfs.raw
mkntfs -qFf -L x ntfs.raw >/dev/null 2>&1
python3 "$ROOT/tests/tools/mutate_fs.py" ext.raw ntfs.raw
