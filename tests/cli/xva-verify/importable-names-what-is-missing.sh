#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
requires jq
sample xapi-23.1 >good.xva
status xva-verify --importable --format table good.xva
status xva-verify --importable --format table "$DATA/xva/xo-mbr-fat-ntfs-ext4.xva.zst"
xva --disk random=1M --omit VM.recommendations --set VBD.mode='"sideways"' bad.xva
status xva-verify --importable --jsonl bad.xva | sed '$d' | jq -c '[.ok, .importable, [.missing_fields[] | [.class, .field, .wrong_type]]]'
xva-verify --jsonl bad.xva | jq -c .ok
xva --disk random=1M --trailing garbage garbage.xva
status xva-verify --importable --jsonl garbage.xva | sed '$d' | jq -c '[.ok, .importable]'
xva --disk random=1M --no-end noend.xva
status xva-verify --importable --jsonl noend.xva | sed '$d' | jq -c '[.ok, .importable, .errors[0].kind]'
