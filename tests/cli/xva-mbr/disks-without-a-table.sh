#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
requires jq
disk no-table d.raw
xva-mbr --format table d.raw
xva-mbr --json d.raw | jq -c '.disks[0] | [.label, .fs, (.fs_uuid | length > 0), .partitions]'
disk lvm l.raw
xva-mbr --json l.raw | jq -c '[.disks[0] | .label, .fs, (.partitions[] | .fs)]'
