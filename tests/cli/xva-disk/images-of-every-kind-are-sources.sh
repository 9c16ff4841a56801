#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# VHD (fixed, dynamic, differencing), qcow2 with and without backing file, NBD: all give the same disk.
. "$LIB"
requires qemu-img qemu-nbd nbdkit
disk mbr-logical d.raw
qemu-img convert -O vpc -o subformat=dynamic,force_size=on d.raw dynamic.vhd
qemu-img convert -O vpc -o subformat=fixed,force_size=on d.raw fixed.vhd
qemu-img convert -O qcow2 d.raw plain.qcow2
qemu-img create -q -f qcow2 -b plain.qcow2 -F qcow2 child.qcow2
for source in d.raw dynamic.vhd fixed.vhd plain.qcow2 child.qcow2; do
    xva-disk $source | cmp - d.raw || echo "BAD $source"
    xva-mbr $source | cmp - <(xva-mbr d.raw) || echo "BAD $source: table"
done
# shellcheck disable=SC2016 # nbdkit expands it
# nbdkit complains when a client leaves with what was read ahead still on its way.
nbdkit -U - file d.raw --run 'xva-disk "$uri" | cmp - d.raw' 2>nbdkit.err || cat nbdkit.err
cp d.raw base.raw
qemu-img create -q -f qcow2 -b base.raw -F raw raw-child.qcow2
xva-disk raw-child.qcow2 | cmp - d.raw
python3 "$ROOT/tests/tools/make_vhd.py" --size 4194304 --sectors 0,8191 base.vhd
python3 "$ROOT/tests/tools/make_vhd.py" --type differencing --size 4194304 --name child.vhd --parent base.vhd --sectors 1 child.vhd
cmp <(xva-disk child.vhd | head -c 512) <(xva-disk base.vhd | head -c 512)
! pgrep -P $$ qemu-nbd >/dev/null || echo "BAD: qemu-nbd is left"
