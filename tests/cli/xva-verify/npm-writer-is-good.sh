#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Xen Orchestra's own writer, run here.
. "$LIB"
requires node jq
modules=$ROOT/build/node_modules
[[ -d $modules/@xen-orchestra/xva ]] || skip "needs npm @xen-orchestra/xva in build/node_modules"
disk mbr-logical d.raw
node "$ROOT/tests/tools/npm/write-xva.mjs" d.raw >d.xva
xva-verify --jsonl d.xva | jq -c '[.ok, [.disks[].ref]]'
xva-mbr --json d.xva | jq -c '[.disks[0].partitions[] | [.number, .fs]]'
xva-mbr --json d.raw | jq -c '[.disks[0].partitions[] | [.number, .fs]]'
