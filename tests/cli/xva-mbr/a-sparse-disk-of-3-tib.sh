#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# GPT at both ends of 3 TiB, in an archive of few chunks and as an image.
. "$LIB"
requires jq
disk sparse-3tib d.raw
xva --disk d.raw d.xva
for f in d.raw d.xva; do
    xva-mbr --json $f | jq -c '[.complete, (.disks[0] | .size, .label, (.partitions | length), .warnings)]'
done
xva-mbr --json --complete - <d.xva | jq -c '[.complete, (.disks[0] | .size, .label, (.partitions | length), .warnings)]'
xva-mbr --json - <d.xva | jq -c '[.disks[0].label, (.disks[0].partitions | length)]'
