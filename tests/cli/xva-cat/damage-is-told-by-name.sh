#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Directories in a circle, blocks past the end, disks cut short, names that cannot be: each in words and with a status,
# what is sound beside it is still read, and nothing is written outside.
. "$LIB"
requires mke2fs mkntfs debugfs genisoimage mkfs.vfat mcopy
mkdir -p tree/a/b
echo inside >tree/a/b/file
head -c 60000 /dev/urandom >tree/bad
echo fine >tree/fine
truncate -s 8M ext.raw
mke2fs -q -t ext2 -b 1024 -d tree ext.raw
debugfs -w ext.raw >/dev/null 2>&1 <<END2
ln /a /a/b/loop
sif /bad block[3] 9999999
END2
echo "== a circle"
status xva-ls -R ext.raw disk:/a
status xva-cat ext.raw --tar disk:/a -o a.tar
tar -tf a.tar 2>/dev/null
status xva-cat ext.raw -x out disk:/a
cat out/a/b/file
echo "== blocks past the end"
status xva-cat ext.raw disk:/bad
status xva-cat ext.raw -x out disk:/bad disk:/fine
ls out
echo "== cut short"
truncate -s 8M whole.raw
head -c 5000000 /dev/urandom >tree/large
mke2fs -q -t ext4 -d tree whole.raw
cp whole.raw cut.raw
truncate -s 5M cut.raw
xva-cat cut.raw disk:/fine disk:/large >/dev/null || echo "exit $?"
status xva-cat cut.raw disk:/fine
for kind in ext4 ntfs vfat; do
    truncate -s 0 short.raw
    truncate -s 16M short.raw
    case $kind in
        ext4) mke2fs -q -t ext4 short.raw ;;
        ntfs) mkntfs -qFf short.raw >/dev/null 2>&1 ;;
        vfat) mkfs.vfat short.raw >/dev/null ;;
    esac
    truncate -s 9M short.raw
    cp short.raw before.raw
    status xva-put short.raw tree/fine disk:/x --in-place
    cmp short.raw before.raw
done
xva --disk whole.raw whole.xva
head -c $(($(stat -c %s whole.xva) / 2)) whole.xva >cut.xva
xva-cat cut.xva disk:/large >/dev/null || echo "exit $?"
xva-cat - disk:/large <cut.xva >/dev/null || echo "exit $?"
echo "== names"
mkdir names
for name in climb_up_here slash_in_name honest; do echo evil >names/$name; done
genisoimage -quiet -R -o names.iso names 2>/dev/null
sed -i 's,climb_up_here,../up_outside,; s,slash_in_name,/etc/outside1,' names.iso
xva-ls names.iso disk:/
status xva-cat names.iso -x out2 'disk:/*'
ls out2 2>/dev/null || true
truncate -s 4M fat.raw
mkfs.vfat fat.raw >/dev/null
echo evil >'NUL'
mcopy -i fat.raw NUL ::/DOTDOT
mcopy -i fat.raw NUL ::/HONEST
sed -i 's/DOTDOT     /..\/..\/     /' fat.raw
status xva-cat fat.raw -x out3 'disk:/*'
ls out3
ls -d ../up* ../../up* /etc/outside1 2>/dev/null || true
