#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The owner of each of a file's blocks is that file, as debugfs knows the blocks; chunks by name.
. "$LIB"
requires debugfs
mkdir tree
head -c 300000 /dev/urandom >tree/one
head -c 70000 /dev/urandom >tree/two
truncate -s 16M disk.raw
mke2fs -q -t ext4 -b 1024 -d tree disk.raw
for file in one two; do
    for block in $(debugfs -R "blocks /$file" disk.raw 2>/dev/null); do
        xva-ls disk.raw --at "$((block * 1024)),1" | cut -f 1
    done
done | sort | uniq -c
xva --disk disk.raw disk.xva
first=$(debugfs -R 'blocks /two' disk.raw 2>/dev/null | cut -d ' ' -f 1)
xva-ls disk.xva --at "$(printf 'Ref:2/%08d' $((first * 1024 / 1048576)))" | cut -f 1 | sort
status xva-ls disk.raw --at 20M
status xva-ls disk.raw --at x
xva-ls disk.raw --at 15M
