#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every state in which a write could hurt: words, exit 6, and nothing is changed. --recover does
# what the guest's boot would.
. "$LIB"
requires mke2fs mkntfs e2fsck debugfs ntfscp ntfsfix
echo x >x
refused() { # IMAGE PATH
    cp "$1" before.raw
    status xva-put "$1" x "$2" --in-place
    cmp "$1" before.raw
    [[ ! -e $1.undo && ! -e $1.undo.part ]] || echo "BAD: an undo log is left"
}
truncate -s 32M ext.raw
mke2fs -q -t ext4 ext.raw
debugfs -w -R 'ssv state 2' ext.raw 2>/dev/null
refused ext.raw /x
mke2fs -q -F -t ext4 ext.raw
debugfs -w ext.raw >/dev/null 2>&1 <<END
jo -c
jw -b 100 x
jc
END
cp ext.raw journal.raw
refused ext.raw /x
xva-put ext.raw x /x --in-place --recover
e2fsck -fn ext.raw >fsck.out 2>&1 || cat fsck.out
mke2fs -q -F -t ext2 ext.raw
debugfs -w -R 'ssv state 0' ext.raw 2>/dev/null
refused ext.raw /x
mke2fs -q -F -t ext4 ext.raw
debugfs -w -R 'feature FEATURE_I31' ext.raw >/dev/null 2>&1
refused ext.raw disk:/x
truncate -s 16M ntfs.raw
mkntfs -qFf ntfs.raw >/dev/null 2>&1
cp ntfs.raw clean.raw
printf 'hibr' >hiberfil.sys
head -c 8188 /dev/zero >>hiberfil.sys
ntfscp -q ntfs.raw hiberfil.sys hiberfil.sys 2>/dev/null
refused ntfs.raw disk:/x
status xva-put ntfs.raw x disk:/x --in-place --recover
xva-ls ntfs.raw disk:/hiberfil.sys
cp clean.raw ntfs.raw
python3 "$ROOT/tests/tools/dirty_ntfs.py" ntfs.raw
{ ntfscp ntfs.raw x y 2>&1 || true; } | grep -o 'journal file is unclean' # ntfs-3g's own word
refused ntfs.raw disk:/x
xva-ls ntfs.raw disk:/
xva-put ntfs.raw x disk:/x --in-place --recover
xva-cat ntfs.raw disk:/x
ntfscp -q ntfs.raw x y
cp clean.raw ntfs.raw
ntfsfix ntfs.raw >/dev/null 2>&1 # sets the dirty bit
refused ntfs.raw disk:/x
xva-put ntfs.raw x disk:/x --in-place --recover
xva-cat ntfs.raw disk:/x
truncate -s 8M swap.raw
mkswap -q swap.raw
refused swap.raw disk:/x
