#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
requires script
disk mbr-logical d.raw
xva --disk d.raw d.xva
xva-mbr --raw d.raw | cmp - <(head -c 512 d.raw)
xva-mbr --raw <d.xva | cmp - <(head -c 512 d.raw)
xva-mbr --raw d.xva -o sector && cmp sector <(head -c 512 d.raw)
{ script -qec "xva-mbr --raw d.raw" /dev/null </dev/null || true; } | grep -o 'refusing to write binary data to a terminal'
sample xapi-23.1-two-disks >two.xva
status xva-mbr --raw two.xva
