#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
sample xo-mbr-fat-ntfs-ext4 >a.xva
xva-mbr a.xva | cat -A
xva-mbr a.xva --header --fields number,fs,start
