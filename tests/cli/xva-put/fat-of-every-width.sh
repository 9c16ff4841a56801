#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# mtools and fsck.vfat on what was put, and our reading of what mtools put.
. "$LIB"
requires mkfs.vfat mcopy mdir fsck.vfat mmd
head -c 700000 /dev/urandom >big
echo small >small
for width in 12 16 32; do
    rm -f fat.raw
    truncate -s $((width == 12 ? 8 : width == 16 ? 40 : 300))M fat.raw
    mkfs.vfat -F $width fat.raw >/dev/null
    mmd -i fat.raw ::/dir
    mcopy -i fat.raw big '::/dir/Mixed Case Long Name.bin'
    xva-cat fat.raw 'disk:/DIR/mixed case long name.BIN' | cmp - big
    xva-put fat.raw big disk:/dir/other.bin small disk:/UPPER.TXT small "disk:/dir/mixed case long name.bin" --in-place
    for i in $(seq 40); do echo "--mkdir 'disk:/dir/folder number $i'"; done | xargs xva-put fat.raw --in-place
    mcopy -n -i fat.raw ::/dir/other.bin other
    cmp other big
    mcopy -n -i fat.raw '::/dir/Mixed Case Long Name.bin' - | cat
    mdir -b -i fat.raw ::/ ::/dir | wc -l
    xva-put fat.raw --rm disk:/dir/other.bin --rm 'disk:/dir/folder number 3' --in-place
    mdir -b -i fat.raw ::/dir | wc -l
    fsck.vfat -n fat.raw >fsck.out 2>&1 || { echo "BAD: $width"; cat fsck.out; }
done
