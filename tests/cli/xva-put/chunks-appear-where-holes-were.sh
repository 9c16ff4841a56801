#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A change that falls where an archive has no chunk: a new archive has it at its place, with a name and a checksum like its
# neighbours', also among keep-alive entries; in place it is refused before anything changes.
. "$LIB"
requires mke2fs e2fsck debugfs
head -c 15000000 /dev/urandom >big
truncate -s 48M d.raw
mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1 d.raw
chunks() { tar tf "$1" | grep -Ec '/[0-9]{8}$'; }
for dialect in xapi old-xapi xo; do
    xva --disk file=d.raw,ref=Ref:2 --disk random=3M,ref=Ref:11,userdevice=1 --dialect $dialect --keepalive 4 a.xva
    xva-put a.xva big d1:/big -o out.xva
    xva-verify out.xva
    (($(chunks out.xva) >= $(chunks a.xva) + 10)) || echo "BAD $dialect: $(chunks a.xva) and $(chunks out.xva) chunks"
    tar tf out.xva | grep -v '^ova.xml' | LC_ALL=C sort -c || echo "BAD $dialect: order"
    # every header has the form of the archive it came from
    cmp <(tar tvf a.xva Ref:2/00000000 | cut -c1-23) <(tar tvf out.xva Ref:2/00000012 | cut -c1-23) || echo "BAD $dialect: mode"
    xva-disk out.xva -d Ref:2 -o out.raw
    e2fsck -fn out.raw >fsck.out 2>&1 || cat fsck.out
    debugfs -R 'cat /big' out.raw 2>/dev/null | cmp - big
    cmp <(xva-disk a.xva -d Ref:11) <(xva-disk out.xva -d Ref:11)
    cp a.xva before.xva
    status xva-put a.xva big d1:/big --in-place
    cmp a.xva before.xva
    [[ $(echo ./*.undo* ./*.part) == './*.undo* ./*.part' ]] || echo "BAD: left" ./*
done
