#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Labels, partition UUIDs and labels, device names of Xen and of SCSI, blanks in paths, comments, volumes that are elsewhere.
. "$LIB"
requires mke2fs sfdisk
mkdir -p root/{etc,data,by-partuuid,by-name,elsewhere} "root/mnt/a b"
cat >root/etc/fstab <<'END2'
# <file system> <mount point> <type> <options> <dump> <pass>
/dev/xvda1	/	ext4	defaults	0 1
LABEL=data /data ext4 defaults 0 2
PARTUUID=AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEE3 /by-partuuid ext4 ro 0 2
PARTLABEL=fourth /mnt/a\040b ext4 ro
/dev/sda5 /by-name/ ext4
UUID=01234567-0000-0000-0000-000000000000 /elsewhere ext4 defaults 0 0
tmpfs /tmp tmpfs defaults 0 0
END2
truncate -s 48M disk.raw
sfdisk -q disk.raw <<'END2'
label: gpt
start=2048, size=16384
start=18432, size=16384
start=34816, size=16384, uuid=aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeee3
start=51200, size=16384, name=fourth
start=67584, size=16384
END2
for number in 1 2 3 4 5; do
    mkdir -p tree
    echo "of $number" >tree/which
    ((number != 1)) || cp -r root/. tree/
    rm -f part
    truncate -s 8M part
    mke2fs -q -t ext4 -d tree -L "$( ((number == 2)) && echo data)" part
    dd if=part of=disk.raw bs=512 seek=$((2048 + (number - 1) * 16384)) conv=notrunc status=none
    rm -r tree
done
xva-cat disk.raw /which /data/which /by-partuuid/which '/mnt/a b/which' /by-name/which
xva-ls disk.raw --volumes | cut -f 1,3,7
xva-cat -v disk.raw '/m*/a?b/wh[a-i]ch' 2>&1
status xva-ls disk.raw /elsewhere
