#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 120
# Volumes written by Linux, versions 4 and 5: every kind of directory, file, link and device, with attributes, free space,
# holes, extents in trees and shared ones, against what Linux saw on them.
. "$LIB"
requires zstd python3
for volume in v5 v5-small-blocks v4 v4-512; do
    zstd -dqo disk.raw --sparse "$DATA/xfs/$volume.raw.zst"
    zstd -dqo list "$DATA/xfs/$volume.files.zst"
    echo "$volume: $(python3 "$ROOT/tests/tools/compare_files.py" disk.raw list)"
    rm disk.raw list
done
