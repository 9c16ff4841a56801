#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A guest that crashed: what is only in the journal is read, and the disk stays as it is.
. "$LIB"
requires debugfs e2fsck
echo old >f
truncate -s 32M disk.raw
mke2fs -q -t ext4 -O metadata_csum,64bit disk.raw
debugfs -w -R 'write f f' disk.raw >/dev/null 2>&1
# The journal gets a transaction that fills the file's block with something else.
block=$(debugfs -R 'blocks /f' disk.raw 2>/dev/null | tr -d ' ')
printf 'new\n' >new
truncate -s 1024 new
debugfs -w disk.raw >/dev/null 2>&1 <<END
jo -c
jw -b $block new
jc
END
cp disk.raw before.raw
xva-cat disk.raw disk:/f
cmp disk.raw before.raw
e2fsck -fy disk.raw >/dev/null 2>&1 || true
debugfs -R 'cat /f' disk.raw 2>/dev/null | head -c 4
