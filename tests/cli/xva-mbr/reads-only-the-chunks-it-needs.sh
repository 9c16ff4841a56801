#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A seekable archive: jumps from header to header; far fewer bytes read than the file has.
. "$LIB"
requires strace
sample xo-mbr-fat-ntfs-ext4 >a.xva
ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=read,pread64 -o trace xva-mbr a.xva >/dev/null
bytes=$(sed -n 's/.*= \([0-9]*\)$/\1/p' trace | awk '{s += $1} END {print s}')
size=$(stat -c %s a.xva)
((bytes < size / 8)) && echo "well below the size" || echo "$bytes of $size"
