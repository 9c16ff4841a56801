#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
for f in xapi-23.1 xapi-23.1-two-disks xo-mbr-fat-ntfs-ext4; do
    sample $f >$f.xva
    xva-verify --format table "$f.xva" "$DATA/xva/$f.xva.zst"
    gzip -1 <$f.xva | xva-verify --jsonl -
done
