#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
requires jq
damage='[{"op": "flip", "entry": "Ref:2/00000001", "bit": 5}, {"op": "flip", "header": "Ref:2/00000003", "bit": 5},
         {"op": "drop", "chunk": "Ref:2/00000006"}, {"op": "flip", "entry": "Ref:2/00000008", "bit": 9}]'
xva --disk random=10M,ref=Ref:2 --damage "$damage" a.xva
status xva-verify a.xva --jsonl | sed '$d' | jq -c '.errors[] | [.kind, .chunk, .offset]'
echo ---
status xva-verify --keep-going --jsonl a.xva | sed '$d' | jq -c '.errors[] | [.kind, .chunk, .offset]'
