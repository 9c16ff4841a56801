#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A stream, compressed or not, is spooled; --no-spool refuses that.
. "$LIB"
sample xo-mbr-fat-ntfs-ext4 >disk.xva
xva-cat disk.xva p3:/big20.bin | sha256sum
xva-cat - p3:/big20.bin <disk.xva | sha256sum
xva-cat "$DATA/xva/xo-mbr-fat-ntfs-ext4.xva.zst" p3:/big20.bin | sha256sum
status xva-cat --no-spool - p3:/big20.bin <disk.xva
