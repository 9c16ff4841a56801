#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What xva-img packs is good, and our verdict on its damage is its own.
. "$LIB"
requires xva-img
xva --dialect xva-img --checksum sha1 --disk random=3M,ref=Ref:2 a.xva
xva-verify --format table a.xva
mkdir d && tar xf a.xva -C d && chmod -R u+rwX d
xva-img -p package_dir=1 >/dev/null 2>&1 || true
xva-img -p disk-export d/Ref:2/ out.raw >/dev/null 2>&1 && echo "xva-img reads it"
xva --dialect xva-img --checksum sha1 --disk random=3M,ref=Ref:2 --damage '[{"op": "flip", "entry": "Ref:2/00000001", "bit": 77}]' b.xva
status xva-verify --format table b.xva
rm -rf d out.raw
mkdir d && tar xf b.xva -C d && chmod -R u+rwX d
xva-img -p disk-export d/Ref:2/ out.raw >/dev/null 2>&1 || echo "xva-img refuses it"
