#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The table in front of the cut is printed, the rest is unread, and the exit status says so.
. "$LIB"
requires jq
sample xo-mbr-fat-ntfs-ext4 >whole.xva
head -c 3000000 whole.xva >cut.xva
status xva-mbr --json cut.xva 2>err | sed '$d' | jq -c '[.complete, [.disks[0].partitions[] | [.number, .fs]]]'
cat err
status xva-mbr --complete - <cut.xva >/dev/null
