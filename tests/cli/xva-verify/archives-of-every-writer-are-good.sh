#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Header dialects, checksums, keep-alives, partial last chunks, disk order, versions: all made by other code.
. "$LIB"
requires jq
check() { # WHAT MAKER-ARGUMENT...
    local what=$1
    shift
    xva "$@" a.xva
    echo "$what: $(xva-verify --jsonl a.xva | jq -c '[.ok, [.disks[] | [.ref, .size, .chunks]]]')"
}
for dialect in xapi old-xapi xo xva-img vhd-tool gnu; do
    check $dialect --dialect $dialect --disk random=3M,ref=Ref:2
done
check sha1 --checksum sha1 --disk random=2M
check mixed --checksum mixed --disk random=3M
check partial --disk random=8900608
check keep-alive --keepalive 3 --disk mixed=20M
check all-chunks --all-chunks --disk mixed=20M
check string-order --disk random=1M,ref=Ref:2 --disk random=1M,ref=Ref:11 --disk random=1M,ref=Ref:101
check cd --cd --empty-cd --disk random=1M
check suspend --suspend 2M --disk random=1M
check pretty --pretty --disk random=1M
check directories --directories --disk random=1M
check record-padding --record-padding --disk random=1M
check version-1 --export-vsn 1 --checksum sha1 --disk random=2M
check version-0 --export-vsn 0 --checksum none --disk random=2M
check vdi-tar --vdi-tar --disk random=3M
check no-disk
check sparse --disk zero=3T
