#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Chunk, disk, bytes, sectors, partition.
. "$LIB"
requires jq
sample xo-mbr-fat-ntfs-ext4 >a.xva
python3 - <<'P'
data = bytearray(open("a.xva", "rb").read())
at = min(i for i in (data.find(b"Ref:002/%08d\0" % n) for n in range(66, 100)) if i > 0)
data[at + 512 + 1000] ^= 4
open("a.xva", "wb").write(data)
P
status xva-verify --format table a.xva
status xva-verify --jsonl a.xva | sed '$d' | jq -c '.errors[] | del(.message)'
status xva-verify a.xva
