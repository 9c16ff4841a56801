#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# No space for the output: an error, and neither the file nor its .part.
. "$LIB"
xva --disk random=8M,ref=Ref:2 a.xva
xva-disk a.xva >/dev/full 2>err && echo "BAD: full, and no word"
grep -q "No space left on device" err || cat err
ulimit -f 2048 # KiB: like a disk that is full, with another word
trap '' XFSZ
for to in raw vhd; do
    [[ $(status xva-disk a.xva --to $to -o out 2>err) == "exit 1" ]] || cat err
done
[[ $(status xva-disk --pack --name x a.xva -o out 2>err) == "exit 1" ]] || cat err
[[ $(echo out*) == 'out*' ]] || echo "BAD: left" out*
status xva-disk a.xva -o a.xva
