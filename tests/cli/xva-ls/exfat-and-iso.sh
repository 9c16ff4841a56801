#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# exFAT against sleuthkit, ISO 9660 with Rock Ridge, Joliet and plain names.
. "$LIB"
requires genisoimage mkfs.exfat
mkdir -p tree/folder 'tree/a b'
head -c 5000000 /dev/urandom >tree/folder/random.bin
echo hello >'tree/a b/A quite long name with ünïcode.txt'
ln -s folder/random.bin tree/link
chmod 640 tree/folder/random.bin
genisoimage -quiet -R -o rr.iso tree 2>/dev/null
genisoimage -quiet -J -o joliet.iso tree 2>/dev/null
genisoimage -quiet -o plain.iso tree 2>/dev/null
for iso in rr joliet plain; do
    xva-ls -R $iso.iso disk:/
    xva-cat $iso.iso disk:/folder/random.bin | cmp - tree/folder/random.bin
done
xva-ls rr.iso -l disk:/folder | cut -f 1,5,7
xva-ls rr.iso -l disk:/link -d | cut -f 1,8
xva-cat rr.iso disk:/link | cmp - tree/folder/random.bin
status xva-put rr.iso tree/folder/random.bin disk:/x -o out.iso
truncate -s 32M exfat.raw
mkfs.exfat exfat.raw >/dev/null
xva-ls -l exfat.raw disk:/
status xva-cat exfat.raw disk:/none
