#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# flag > XENLAB_FORMAT > what fits the output.
. "$LIB"
requires jq
sample xapi-23.1-two-disks >a.xva
XENLAB_FORMAT=json xva-mbr a.xva | jq -c '[.disks[].ref]'
XENLAB_FORMAT=json xva-mbr --format table a.xva
XENLAB_FORMAT=nonsense xva-mbr a.xva
