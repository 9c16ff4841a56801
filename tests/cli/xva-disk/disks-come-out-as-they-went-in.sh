#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Raw and VHD, from files, pipes and compressed archives, of every dialect, against the disk itself and qemu-img.
. "$LIB"
requires qemu-img zstd
disk mbr-logical d.raw
truncate -s +1700K d.raw # a last chunk that is not whole
for dialect in xapi old-xapi xo xva-img; do
    xva --disk file=d.raw,ref=Ref:2 --disk random=3M,ref=Ref:11,userdevice=1 --dialect $dialect --keepalive 3 a.xva
    [[ $dialect == xo ]] && truncate -s 162M d.raw # XO rounds up
    zstd -q1f a.xva
    xva-disk a.xva -d Ref:2 -o out.raw
    cmp out.raw d.raw || echo "BAD $dialect: raw"
    cmp <(cat a.xva | xva-disk - -d 1) d.raw || echo "BAD $dialect: pipe"
    cmp <(xva-disk a.xva.zst -d 1) d.raw || echo "BAD $dialect: zstd"
    cmp <(xva-disk a.xva -d 1 --no-verify) d.raw || echo "BAD $dialect: unverified"
    (($(stat -c %b out.raw) <= $(stat -c %b d.raw) + 64)) || echo "BAD $dialect: not sparse"
    xva-disk a.xva -d 1 --to vhd -o out.vhd
    cat a.xva | xva-disk - -d 1 --to vhd >pipe.vhd
    for vhd in out.vhd pipe.vhd; do
        qemu-img convert -f vpc -O raw $vhd back.raw
        truncate -s "$(stat -c %s d.raw)" back.raw
        cmp back.raw d.raw || echo "BAD $dialect: $vhd"
        cmp <(xva-disk $vhd | head -c "$(stat -c %s d.raw)") d.raw || echo "BAD $dialect: $vhd read by us"
    done
done
