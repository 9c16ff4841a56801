#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Parents that are missing or elsewhere, backing files elsewhere, damaged images, servers that are not there or lie.
. "$LIB"
requires qemu-img
make_vhd() { python3 "$ROOT/tests/tools/make_vhd.py" "$@"; }
make_vhd --size 4194304 --sectors 0 base.vhd
make_vhd --type differencing --size 4194304 --name child.vhd --parent base.vhd --sectors 1 child.vhd
rm base.vhd
status xva-disk child.vhd -o out
qemu-img create -q -f qcow2 -b /etc/passwd -F raw -u evil.qcow2 1M
status xva-disk evil.qcow2 -o out
qemu-img create -q -f qcow2 -b 'json:{"driver":"file","filename":"/etc/passwd"}' -F raw -u evil.qcow2 1M
status xva-disk evil.qcow2 -o out
qemu-img create -q -f qcow2 -b loop.qcow2 -F qcow2 -u other.qcow2 1M
mv other.qcow2 loop.qcow2
status xva-disk loop.qcow2 -o out
status xva-disk 'nbd+unix:///?socket=nosuch' -o out
status xva-disk nbd://127.0.0.1:1/ -o out
status xva-disk vm:web1 -o out
[[ $(echo out*) == 'out*' ]] || echo "BAD: left" out*
