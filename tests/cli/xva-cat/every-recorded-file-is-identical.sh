#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every file of the recorded disk, out of the seekable archive, by the SHA-256 taken when it was made.
. "$LIB"
sample xo-mbr-fat-ntfs-ext4 >disk.xva
for part in 1 2 3; do
    xva-cat disk.xva -x "out$part" "p$part:/" || true # links that lead out are left out
    grep "^$part " "$DATA/xva/mbr-fat-ntfs-ext4.files" | grep -v SYMLINK |
        sed "s,^[0-9] [a-z0-9]* \\([0-9a-f]*\\)  /,\\1  out$part/," >sums
    sha256sum -c sums | grep -c ': OK$'
    sha256sum -c --quiet sums
    find "out$part" -type f | wc -l
done
