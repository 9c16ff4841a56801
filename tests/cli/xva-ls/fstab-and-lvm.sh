#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The guest's own view: root on LVM over two disks, /boot by UUID on a partition.
. "$LIB"
requires python3 debugfs
python3 "$ROOT/tests/tools/make_lvm.py" a.raw b.raw
xva --disk a.raw --disk b.raw guest.xva
xva-ls guest.xva --volumes --format table
xva-ls -R guest.xva /etc /boot
xva-cat guest.xva /etc/hostname /boot/grub/grub.cfg /srv/data/file vg0/root:/etc/hostname
xva-cat -v guest.xva /boot/grub/grub.cfg
xva-cat guest.xva vg0/data:/big | cmp - big
status xva-ls guest.xva vg0/thin:/
