#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
requires jq
sample xapi-23.1 >good.xva
head -c 100000 good.xva >bad.xva
status xva-verify --format table good.xva bad.xva good.xva
status xva-verify --format table good.xva nosuch.xva good.xva
status xva-verify --jsonl bad.xva nosuch.xva 2>/dev/null | sed '$d' | jq -c '[.file, .ok, .error.code]'
status xva-verify --json good.xva bad.xva | sed '$d' | jq -c '[.schema, [.items[].ok]]'
