#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Plain, gzip and zstd, cut at many places: never good, always 7, and named as truncated.
. "$LIB"
requires jq gzip zstd
xva --disk mixed=3M a.xva
gzip -k -1 a.xva
zstd -qk a.xva
for f in a.xva a.xva.gz a.xva.zst; do
    size=$(stat -c %s $f)
    for part in 1 10 30 50 70 90 97 99; do
        head -c $((size * part / 100)) $f >cut
        code=0
        kind=$(xva-verify --jsonl cut | jq -r '.errors[0].kind') || code=$?
        [[ $kind == truncated ]] || echo "$f at $part %: $kind"
    done
    for cut in 1 512 1024; do
        head -c -$cut $f >cut
        xva-verify --quiet cut >/dev/null && echo "$f without its last $cut bytes passes"
    done
done
true
