#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
xva-mbr --json --complete "$DATA/xva/xo-mbr-fat-ntfs-ext4.xva.zst"
