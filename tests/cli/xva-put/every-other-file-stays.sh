#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Puts on ext4, NTFS and FAT in one go: what was put is there, every other file of the disk is
# bit-identical, and the guests' own checkers are content.
. "$LIB"
requires e2fsck ntfsfix fsck.vfat jq zstd
sample xo-mbr-fat-ntfs-ext4 >disk.xva
head -c 5000000 /dev/urandom >new.bin
echo short >short.txt
xva-put disk.xva new.bin p1:/new.bin new.bin p2:/many/new.bin new.bin p3:/docs/new.bin \
    short.txt 'p1:/a long name with spaces ä.txt' short.txt p2:/ОченьДлинноеИмя.txt short.txt p3:/hello.txt \
    --mkdir 'p1:/New Folder' --mkdir p2:/NewFolder --mkdir p3:/new-folder --rm p1:/frag/t10 --rm p2:/t10 \
    --rm p3:/many/f0001.txt -o out.xva
xva-verify out.xva
for part in 1 2 3; do
    xva-cat out.xva -x "out$part" "p$part:/" 2>/dev/null || true
    grep "^$part " "$DATA/xva/mbr-fat-ntfs-ext4.files" | grep -v -e SYMLINK -e '/t10$' -e '^3.*/many/f0001.txt' \
        -e '^3.*/hello.txt' -e '^3.*/hardlink.txt' |
        sed "s,^[0-9] [a-z0-9]* \\([0-9a-f]*\\)  /,\\1  out$part/," >sums
    sha256sum -c --quiet sums
    wc -l <sums
done
cmp new.bin out1/new.bin
cmp new.bin out2/many/new.bin
cmp new.bin out3/docs/new.bin
cat 'out1/a long name with spaces ä.txt' out2/ОченьДлинноеИмя.txt out3/hello.txt
ls -d 'out1/New Folder' out2/NewFolder out3/new-folder
ls out1/frag/t10 out2/t10 out3/many/f0001.txt 2>/dev/null || true
xva-mbr out.xva --json >table.json
for part in 1 2 3; do
    xva-disk out.xva -o out.raw 2>/dev/null
    dd if=out.raw of="p$part.raw" bs=512 status=none \
        skip="$(jq ".disks[0].partitions[$((part - 1))].start" table.json)" \
        count="$(jq ".disks[0].partitions[$((part - 1))].sectors" table.json)"
    rm out.raw
done
fsck.vfat -n p1.raw >fsck.out 2>&1 || cat fsck.out
ntfsfix -n p2.raw >fsck.out 2>&1 || cat fsck.out
e2fsck -fn p3.raw >fsck.out 2>&1 || cat fsck.out
