#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Standard output on a full device: exit 1, and a full -o target leaves nothing behind.
. "$LIB"
sample xo-mbr-fat-ntfs-ext4 >a.xva
for tool in $(archive_tools); do
    for format in table tsv json jsonl; do
        code=0
        "$tool" --format $format a.xva >/dev/full 2>err || code=$?
        ((code == 1)) || echo "BAD $tool $format: exit $code"
        grep -q "standard output: No space left on device" err || cat err
    done
    code=0
    "$tool" --help >/dev/full 2>err || code=$?
    ((code == 1)) || echo "BAD $tool --help: exit $code"
done
