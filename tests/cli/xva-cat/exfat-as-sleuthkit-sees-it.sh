#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Files in one piece and in many, long and foreign names, folders, content that was never written.
. "$LIB"
requires mkfs.exfat fsck.exfat fls icat python3
head -c 1500000 /dev/urandom >big
head -c 50000 /dev/urandom >part
echo small >small
: >empty
truncate -s 32M disk.raw
mkfs.exfat -L GUEST disk.raw >/dev/null
python3 "$ROOT/tests/tools/make_exfat.py" disk.raw one.bin=big 'Fragmented File.bin=big,fragmented' empty=empty \
    'folder/deeper/A rather long name with ünïcode and 日本語 in it.txt=small' folder/half.bin=part,valid=30000
fsck.exfat -n disk.raw | grep -o 'clean.*'
xva-ls -lR disk.raw disk:/ | cut -f 5-7
xva-cat disk.raw disk:/ONE.BIN | cmp - big
xva-cat disk.raw 'disk:/fragmented file.bin' | cmp - big
inode=$(fls disk.raw | sed -n 's,^r/r \([0-9]*\):.Fragmented File.bin,\1,p')
icat disk.raw "$inode" | cmp - big
xva-cat disk.raw disk:/folder/deeper/*
xva-cat disk.raw disk:/folder/half.bin | head -c 30000 | cmp - <(head -c 30000 part)
xva-cat disk.raw disk:/folder/half.bin | tail -c 20000 | cmp - <(head -c 20000 /dev/zero)
status xva-put disk.raw small disk:/x --in-place
