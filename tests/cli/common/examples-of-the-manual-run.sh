#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every example of --help, which is every example of the man pages, does what it says on a sample.
. "$LIB"
requires jq
sample xo-mbr-fat-ntfs-ext4 >web1.xva
cp "$DATA/xva/xo-mbr-fat-ntfs-ext4.xva.zst" web1.xva.zst
head -c 2000000 web1.xva >cut.xva
for tool in $TOOLS; do
    "$tool" --help | sed -n '/^Examples:/,/^$/s/^  \([^ ].*\)/\1/p' >examples
    (($(wc -l <examples) >= 3)) || echo "BAD: few examples: $tool"
    while read -r line; do
        # The page is generated from the same list: the examples stand there, too.
        grep -qF -- "$(sed 's/\\/\\e/g; s/-/\\-/g' <<<"$line")" "$ROOT/man/$tool.1" || echo "BAD: not in the page: $line"
        bash -c "$line" >out 2>err </dev/null || [[ $line == *--importable* ]] || echo "BAD: exit $?: $line"
        [[ -s out || $line == *">"* ]] || echo "BAD: no output: $line"
        ! grep -q "error:" err || cat err
    done <examples
done
[[ -s table.sfdisk && -s copy.xva.zst ]] || echo "BAD: files are missing"
