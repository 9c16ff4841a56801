#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A damaged or cut archive, from file and pipe: exit 7 and no output; --no-verify takes what is there.
. "$LIB"
xva --disk random=8M,ref=Ref:2 good.xva
xva --disk random=8M,ref=Ref:2 --damage '[{"op": "flip", "entry": "Ref:2/00000003", "bit": 77}]' bad.xva
head -c 3000000 good.xva >cut.xva
xva --disk random=8M,ref=Ref:2 --disk random=2M,ref=Ref:3,userdevice=1 --damage '[{"op": "flip", "entry": "Ref:2/00000003", "bit": 77}]' two.xva
for f in bad cut; do
    for to in raw vhd; do
        [[ $(status xva-disk $f.xva --to $to -o out 2>err) == "exit 7" ]] || echo "BAD $f $to"
        [[ $(status xva-disk - --to $to -o out 2>err < <(cat $f.xva)) == "exit 7" ]] || echo "BAD $f $to in a pipe"
        grep -q "^xva-disk: error: " err || cat err
    done
done
[[ $(status xva-disk two.xva -d 0 -o out 2>err) == "exit 7" ]] || echo "BAD two"
[[ $(echo out*) == 'out*' ]] || echo "BAD: left" out*
xva-disk two.xva -d 1 -o whole # the other disk is sound
xva-disk bad.xva --no-verify -o out 2>err
grep -q "Ref:2/00000003 is damaged" err || cat err
{ cmp -l out <(xva-disk good.xva) || true; } | wc -l
