#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# --pack against the writer of Xen Orchestra (npm @xen-orchestra/xva) on the same disk: the same chunks with the same
# checksums, apart from chunks of zeros, which it writes now and then to keep connections alive.
. "$LIB"
requires node
[[ -d $ROOT/build/node_modules/@xen-orchestra/xva ]] || skip "needs build/node_modules/@xen-orchestra/xva, which ./dev setup installs"
disk mbr-logical d.raw
truncate -s 163M d.raw
dd if=/dev/urandom of=d.raw bs=1M seek=20 count=9 conv=notrunc status=none
node "$ROOT/tests/tools/npm/write-xva.mjs" d.raw >theirs.xva
xva-disk --pack --name x d.raw -o ours.xva
listing() { # NUMBER CHECKSUM of every chunk
    mkdir "$1.d"
    tar xf "$1.xva" -C "$1.d"
    chmod -R u+rwX "$1.d"
    (cd "$1.d"/Ref* && for f in *.xxhash; do echo "${f%.xxhash} $(cat "$f")"; done)
}
cmp <(listing ours) <(listing theirs)
xva-disk theirs.xva | cmp - d.raw
xva-disk ours.xva | cmp - d.raw
for f in ours.d/Ref*/*[0-9]; do
    [[ $(xxhsum -q -H64 <"$f" | cut -d' ' -f1 | tr a-f A-F) == "$(cat "$f.xxhash")" ]] || echo "BAD: $f"
done 2>&1 | head -3
