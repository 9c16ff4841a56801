#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# --nbd: nbdinfo, nbdcopy and qemu-img read what is in the archive; several disks are several exports.
. "$LIB"
requires nbdinfo nbdcopy qemu-img
disk mbr-logical d.raw
xva --disk file=d.raw,ref=Ref:2 --disk random=3M,ref=Ref:11,userdevice=1 a.xva
xva-disk a.xva --nbd sock 2>said &
server=$!
for _ in {1..100}; do [[ -S sock ]] || sleep 0.1; done
nbdinfo --list --json 'nbd+unix:///?socket=sock' | grep -o '"export-name": "[^"]*"' | sort
nbdinfo --size 'nbd+unix:///Ref:2?socket=sock'
nbdinfo --map --totals 'nbd+unix:///Ref:2?socket=sock' | grep -c hole
nbdcopy 'nbd+unix:///Ref:2?socket=sock' n.raw
cmp n.raw d.raw
qemu-img compare -f raw -F raw 'nbd+unix:///Ref:2?socket=sock' d.raw
# and as a source of ours
xva-disk 'nbd+unix:///Ref:2?socket=sock' -o own.raw
cmp own.raw d.raw
[[ $(stat -c %a sock) == 600 ]] || stat -c %a sock
kill $server
wait $server || true
[[ ! -e sock ]] || echo "BAD: the socket is left"
cat said
gzip -k1 a.xva
status xva-disk a.xva.gz --nbd sock
status xva-disk - --nbd sock <a.xva
