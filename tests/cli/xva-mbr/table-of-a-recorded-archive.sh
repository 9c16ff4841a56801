#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
xva-mbr --format table "$DATA/xva/xo-mbr-fat-ntfs-ext4.xva.zst" --complete
