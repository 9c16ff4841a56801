#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
requires jq
disk mbr-logical d.raw
xva --disk file=d.raw,ref=Ref:2 --damage '[{"op": "flip", "entry": "Ref:2/00000000", "bit": 900000}]' d.xva
status xva-mbr d.xva --fields number,start
status xva-mbr --json d.xva 2>/dev/null | sed '$d' | jq -r '.damage[]'
