#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Plain, gzip and zstd, cut at many places: never good, always 7, and named as truncated.
. "$LIB"
requires jq gzip zstd
xva --disk mixed=3M a.xva
gzip -k -1 a.xva
zstd -qk a.xva
for file in a.xva a.xva.gz a.xva.zst; do
    size=$(stat -c %s "$file")
    for part in 1 10 30 50 70 90 97 99; do
        head -c $((size * part / 100)) "$file" >short
        kind=$(xva-verify --jsonl short | jq -r '.errors[0].kind') || true
        [[ $kind == truncated ]] || echo "$file at $part %: $kind"
    done
    for bytes in 1 512 1024; do
        head -c -$bytes "$file" >short
        ! xva-verify short >/dev/null || echo "$file without its last $bytes bytes passes"
    done
done
