#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A volume made by mkfs.xfs alone: its files, their blocks by xfs_db, the refusal to write, a log that is not clean.
. "$LIB"
requires mkfs.xfs xfs_db zstd
head -c 3000000 /dev/urandom >random
cat >proto <<END2
boot
0 0
d--755 0 0
etc d--750 1 2
fstab ---640 3 4 list
\$
random ---644 0 0 random
link l--777 0 0 etc/fstab
null c--666 0 0 1 3
\$
END2
echo '/dev/xvda / xfs defaults 0 0' >list
truncate -s 320M disk.raw
mkfs.xfs -q -p proto -L guest disk.raw
xva-ls disk.raw --volumes | cut -f 1,3,4
xva-ls -lR disk.raw / | cut -f 1-4,7
xva-cat disk.raw /link
xva-cat disk.raw /random | cmp - random
inode=$(xfs_db -r -c 'ls /' disk.raw | awk '/ random / { print $2 }')
block=$(xfs_db -r -c "inode $inode" -c bmap disk.raw | sed -n 's/.*startblock \([0-9]*\) .*/\1/p')
byte=$(xfs_db -r -c "convert fsblock $block byte" disk.raw | sed 's/.*(\(.*\))/\1/')
xva-ls disk.raw --at "$((byte + 2999000)),2000" | cut -f 1
status xva-put disk.raw random /x -o out.raw
zstd -dqo dirty.raw --sparse "$DATA/xfs/v5-dirty.raw.zst"
xva-cat dirty.raw disk:/small
