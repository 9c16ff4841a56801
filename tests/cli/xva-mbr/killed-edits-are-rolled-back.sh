#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# kill -9 at each of many moments of an edit in place; then --undo gives back the original bit for bit, or the edit was
# complete or had not begun.
# timeout: 120
. "$LIB"
requires strace
disk mbr-logical d.raw
xva --disk d.raw a.xva
xva-disk d.raw --to vhd -o d.vhd
for source in a.xva d.raw d.vhd; do
    cp $source new
    xva-mbr new --signature deadbeef --set-active 2 --in-place
    for call in pwrite64 fdatasync fsync rename unlink write; do
        for n in 1 2 3 4; do
            cp $source work
            (strace -qq -o /dev/null -e trace=$call -e inject=$call:signal=KILL:when=$n \
                xva-mbr work --signature deadbeef --set-active 2 --in-place || true) 2>/dev/null
            if [[ -e work.undo ]]; then
                [[ $(status xva-mbr work --signature 01020304 --in-place 2>/dev/null) == "exit 6" ]] || echo "BAD: edited again"
                xva-disk --undo work 2>/dev/null
                cmp work $source || echo "BAD $source $call $n: not rolled back"
            else
                cmp -s work $source || cmp work new || echo "BAD $source $call $n: half"
                [[ ! -e work.undo.part ]] || xva-disk --undo work 2>/dev/null
            fi
            [[ $(echo work*) == work ]] || echo "BAD $source $call $n: left" work*
        done
    done
done
status xva-disk --undo a.xva
