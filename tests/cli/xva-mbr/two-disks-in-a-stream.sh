#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The second disk comes after the first; asked for by number, reference or all, the stream is read that far.
. "$LIB"
requires jq
sample xapi-23.1-two-disks >a.xva
for disk in 0 1 Ref:153 all; do
    xva-mbr --json --disk $disk - <a.xva | jq -c '[.complete, [.disks[] | [.ref, .name, .label]]]'
done
xva-mbr --json - <a.xva | jq -c '[.complete, [.disks[] | [.ref, .label]]]'
status xva-mbr --disk 7 a.xva
