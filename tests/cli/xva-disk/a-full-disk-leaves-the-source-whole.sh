#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A filesystem that is really full: no output, and an edit in place has changed nothing.
. "$LIB"
[ "$(id -u)" = 0 ] || skip "needs root, to mount a small filesystem"
if [[ -z ${FULL_DISK-} ]]; then
    unshare -m true 2>/dev/null || skip "needs mount namespaces, which are not allowed here"
    FULL_DISK=1 exec unshare -m --propagation private "$0"
fi
requires sfdisk
mkdir small
mount -t tmpfs -o size=6M none small
head -c 4M /dev/urandom >d.raw
echo 'start=2048, type=83' | sfdisk -q d.raw
xva --disk d.raw small/a.xva
sha256sum small/a.xva >before
dd if=/dev/zero of=small/fill bs=4096 status=none 2>/dev/null || true
[[ $(status xva-mbr small/a.xva --signature deadbeef --in-place 2>err) == "exit 1" ]] || cat err
grep -o "No space left on device" err || cat err
sha256sum -c --quiet before
truncate -s -1M small/fill
for to in raw vhd; do
    [[ $(status xva-disk small/a.xva --to $to -o small/out 2>err) == "exit 1" ]] || cat err
    grep -o "No space left on device" err || cat err
done
[[ $(status xva-disk --pack --name x small/a.xva -o small/out 2>err) == "exit 1" ]] || cat err
[[ $(status xva-disk small/a.xva >small/redirected 2>err) == "exit 1" ]] || cat err
grep -o "No space left on device" err || cat err
rm small/redirected
sha256sum -c --quiet before
ls small
# The target is the source under any name.
ln small/a.xva small/linked.xva
ln -s a.xva small/symlink.xva
for name in small/a.xva small/linked.xva small/symlink.xva; do
    status xva-disk small/a.xva -o "$name" 2>&1
    status xva-mbr small/a.xva --signature deadbeef -o "$name" 2>&1
done
sha256sum -c --quiet before
