#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 120
# A change that needs blocks which a dynamic VHD does not have: they are appended, qemu-img and a checker of ext4 are
# content; killed at any moment, --undo gives the old file back bit for bit.
. "$LIB"
requires mke2fs e2fsck debugfs qemu-img strace
head -c 9000000 /dev/urandom >big
truncate -s 48M d.raw
mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1 d.raw
xva-disk d.raw --to vhd -o d.vhd
cp d.vhd before.vhd
xva-put d.vhd big /big --in-place
(($(stat -c %s d.vhd) > $(stat -c %s before.vhd) + 8000000)) || echo "BAD: it did not grow"
qemu-img convert -f vpc -O raw d.vhd out.raw
truncate -s 48M out.raw
e2fsck -fn out.raw >fsck.out 2>&1 || cat fsck.out
debugfs -R 'cat /big' out.raw 2>/dev/null | cmp - big
xva-disk d.vhd | head -c 48M | cmp - out.raw
xva-put before.vhd big /big -o copy.vhd
xva-cat copy.vhd /big | cmp - big
# The footer moves: for a while there is none at the end.
for call in pwrite64 fdatasync ftruncate; do
    for n in 1 2 4 7; do
        cp before.vhd work.vhd
        (strace -f -qq -o /dev/null -e trace=$call -e inject=$call:signal=KILL:when=$n \
            xva-put work.vhd big /big --in-place || true) 2>/dev/null
        if [[ -e work.vhd.undo || -e work.vhd.undo.part ]]; then
            xva-disk --undo work.vhd 2>/dev/null
            cmp work.vhd before.vhd || echo "BAD $call $n: not rolled back"
        elif ! cmp -s work.vhd before.vhd; then
            xva-cat work.vhd /big | cmp - big || echo "BAD $call $n: half"
        fi
    done
done
