#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
requires nbdcopy
xva --disk random=8M,ref=Ref:2 --damage '[{"op": "flip", "entry": "Ref:2/00000003", "bit": 77}]' bad.xva
xva-disk bad.xva --nbd sock 2>said &
server=$!
for _ in {1..100}; do [[ -S sock ]] || sleep 0.1; done
[[ $(status nbdcopy 'nbd+unix:///?socket=sock' n.raw 2>/dev/null) != "exit 0" ]] || echo "BAD: nothing was told"
kill $server
wait $server || true
grep -o "Ref:2/00000003 is damaged" said | head -1
