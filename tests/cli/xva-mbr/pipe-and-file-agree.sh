#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What --complete reads from a pipe is what a seekable file gives, for every kind of compression.
. "$LIB"
requires gzip zstd
sample xo-mbr-fat-ntfs-ext4 >a.xva
xva-mbr --json a.xva >seekable
gzip -k -1 a.xva
zstd -qk -1 a.xva
for f in a.xva a.xva.gz a.xva.zst; do
    xva-mbr --json --complete - <$f | cmp - seekable
    { cat $f || true; } | xva-mbr --json --complete | cmp - seekable
    xva-mbr --json --complete $f | cmp - seekable
done
