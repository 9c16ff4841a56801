#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
disk mbr-logical d.raw
xva --disk d.raw a.xva
gzip -k1 a.xva
xva --disk d.raw --export-vsn 1 table.xva
xva --disk file=d.raw --damage '[{"op": "flip", "entry": "Ref:2/00000000", "bit": 7777}]' bad.xva
truncate -s 1M empty.raw
sha256sum a.xva a.xva.gz table.xva bad.xva empty.raw d.raw >before
status xva-mbr a.xva --set-active 4 --in-place
status xva-mbr a.xva --set-active 9 --in-place
status xva-mbr a.xva --signature xyz --in-place
status xva-mbr a.xva --boot-code d.raw --in-place
status xva-mbr a.xva --signature deadbeef -o a.xva
status xva-mbr a.xva --in-place
status xva-mbr a.xva.gz --signature deadbeef --in-place
status xva-mbr empty.raw --signature deadbeef --in-place
status xva-mbr table.xva --signature deadbeef --in-place
status xva-mbr bad.xva --signature deadbeef -o out
status xva-mbr bad.xva --signature deadbeef --in-place
status xva-mbr - --signature deadbeef -o out <a.xva
status xva-mbr nbd://127.0.0.1:1/ --signature deadbeef --in-place
sha256sum -c --quiet before
[[ $(echo out* ./*.undo) == 'out* ./*.undo' ]] || echo "BAD: left" ./*
