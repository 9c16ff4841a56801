#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
requires jq
sample xo-mbr-fat-ntfs-ext4 >web1.xva
cp "$DATA/xva/xo-mbr-fat-ntfs-ext4.xva.zst" web1.xva.zst
run_examples xva-ls
