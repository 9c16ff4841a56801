#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
sample xo-mbr-fat-ntfs-ext4 >web1.xva
while read -r line; do
    bash -c "$line" >out 2>err </dev/null || { echo "BAD: exit $?: $line"; cat err; }
done < <(examples_of xva-put)
