#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# --set-active, --signature and --boot-code on archives of every dialect, raw disks and VHDs; only what must change does.
. "$LIB"
requires sfdisk
disk mbr-logical d.raw
head -c 440 /dev/urandom >code
cp d.raw want.raw
sfdisk -q -A want.raw 2
sfdisk -q --disk-id want.raw 0xdeadbeef
dd if=code of=want.raw conv=notrunc status=none
edits=(--set-active 2 --signature deadbeef --boot-code code)
for dialect in xapi old-xapi xo gnu; do
    xva --disk file=d.raw,ref=Ref:2 --disk random=3M,ref=Ref:11,userdevice=1 --dialect $dialect --keepalive 3 a.xva
    xva-mbr a.xva -d Ref:2 "${edits[@]}" -o out.xva
    xva-verify out.xva >/dev/null || echo "BAD $dialect"
    xva-disk out.xva -d Ref:2 | cmp - want.raw
    # of the archive only the first chunk and its checksum differ
    (($(cmp -l a.xva out.xva | wc -l) < 440 + 8 + 40)) || echo "BAD $dialect: too much changed"
    cp a.xva place.xva
    xva-mbr place.xva -d Ref:2 "${edits[@]}" --in-place
    cmp place.xva out.xva || echo "BAD $dialect: in place"
    gzip -kf1 a.xva
    xva-mbr a.xva.gz -d Ref:2 "${edits[@]}" >zip.xva 2>err || [[ $? == 6 ]] || cat err
done
cp d.raw place.raw
xva-mbr place.raw "${edits[@]}" --in-place
cmp place.raw want.raw
xva-mbr d.raw "${edits[@]}" | cmp - want.raw
xva-disk d.raw --to vhd -o d.vhd
xva-mbr d.vhd "${edits[@]}" -o out.vhd
xva-mbr d.vhd "${edits[@]}" --in-place
xva-disk d.vhd | cmp - want.raw
xva-disk out.vhd | cmp - want.raw
[[ $(echo ./*.undo* ./*.part) == './*.undo* ./*.part' ]] || echo "BAD: left" ./*
