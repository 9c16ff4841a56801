#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every example of --help, which is every example of the man pages, does what it says on a sample. Tools that need
# more than an archive have a test of that name in their own folder.
. "$LIB"
requires jq
sample xo-mbr-fat-ntfs-ext4 >web1.xva
cp "$DATA/xva/xo-mbr-fat-ntfs-ext4.xva.zst" web1.xva.zst
head -c 2000000 web1.xva >cut.xva
for tool in $(archive_tools); do
    run_examples "$tool" --importable
done
[[ -s table.sfdisk && -s copy.xva.zst ]] || echo "BAD: files are missing"
for tool in $TOOLS; do
    archive_tools | grep -qx "$tool" || [[ -e $ROOT/tests/cli/$tool/${0##*/} ]] || echo "BAD: the examples of $tool do not run"
done
