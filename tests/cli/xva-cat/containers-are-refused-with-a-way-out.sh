#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Volumes whose files cannot be reached: what they are, and what to do.
. "$LIB"
requires cryptsetup sfdisk python3
look() {
    echo "== $1"
    status xva-cat "$1.raw" "$2" 2>&1
    status xva-put "$1.raw" "$0" "$2" --in-place 2>&1
}
truncate -s 20M luks1.raw luks2.raw
for version in 1 2; do
    echo secret | cryptsetup luksFormat -q --type luks$version --pbkdf pbkdf2 --pbkdf-force-iterations 1000 luks$version.raw
    look luks$version disk:/etc/fstab
done
for kind in bitlocker md; do
    cp "$ROOT/tests/fuzz/corpus/partition/$kind" $kind.raw
    look $kind disk:/x
done
disk lvm-whole-disk lvm.raw
look lvm disk:/x
# One of two physical volumes of a group.
python3 "$ROOT/tests/tools/make_lvm.py" a.raw b.raw
look a vg0/root:/etc/hostname
truncate -s 8M dynamic.raw
sfdisk -q dynamic.raw <<<'start=2048, type=42'
look dynamic p1:/boot.ini
rm dynamic.raw
truncate -s 8M dynamic.raw
sfdisk -q dynamic.raw <<<'label: gpt
start=2048, size=2048, type=5808C8AA-7E8F-42E0-85D2-E1E90434CFB3
start=4096, type=AF9B60A0-1431-4F62-BC68-3311714A69AD'
look dynamic p2:/boot.ini
