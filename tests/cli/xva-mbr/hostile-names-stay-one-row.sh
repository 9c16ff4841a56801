#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Names from ova.xml and partition names cannot break rows or reach the terminal raw.
. "$LIB"
requires jq
name=$'a\tb\nc\e[31mred\\'
xva --disk "zero=4M,ref=Ref:2,name=$name" d.xva
xva-mbr --format table d.xva
xva-mbr --json d.xva | jq -c '.disks[0].name'
