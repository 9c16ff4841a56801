#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
requires jq
sample xo-mbr-fat-ntfs-ext4 >disk.xva
xva-ls disk.xva -l --format table p3:/docs p3:/rel-link -d
xva-ls disk.xva -l p2:/docs
xva-ls disk.xva --json p3:/long-link -d | jq -c '.items[0] | {type, mode, uid, size}'
xva-ls disk.xva -0 'p3:/d*s' | tr '\0' '\n'
xva-ls disk.xva -R 'p3:/do*' c:/DOCS | sort
