#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
disk mbr-logical d.raw
xva-mbr --bar d.raw
sample xo-mbr-fat-ntfs-ext4 >a.xva
xva-mbr --bar <a.xva
