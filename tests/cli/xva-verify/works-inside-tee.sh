#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A bad verdict comes early; the stream is drained, so that the file being saved is complete.
. "$LIB"
xva --disk random=20M,ref=Ref:2 --damage '[{"op": "flip", "entry": "Ref:2/00000000", "bit": 5}]' a.xva
tee copy.xva <a.xva | status xva-verify --format table -
cmp a.xva copy.xva
mkfifo branch
xva-verify - <branch >verdict &
tee branch <a.xva >copy.xva
wait $! || echo "exit $?"
cut -f1-5 verdict
cmp a.xva copy.xva
echo "not an archive" | tee copy.txt | status xva-verify -
