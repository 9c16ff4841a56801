#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
sample xo-mbr-fat-ntfs-ext4 >disk.xva
xva-ls disk.xva --volumes --format table
xva-ls disk.xva --volumes --json | head -n 11
