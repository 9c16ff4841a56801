#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A stream from a web server; redirects are followed, and the connection is closed early.
. "$LIB"
requires jq
sample xo-mbr-fat-ntfs-ext4 >a.xva
python3 "$ROOT/tests/cli/http_server.py" a.xva >server &
until [[ -s server ]]; do sleep 0.05; done
url=$(head -1 server)
xva-mbr --json "$url/a.xva" | jq -c '.disks[0].label'
xva-mbr --json "$url/redirect/a.xva" | jq -c '.disks[0].label'
status xva-mbr "$url/nothing" 2>&1 | sed "s#$url#URL#g"
status xva-mbr "$url/forbidden" 2>&1 | sed "s#$url#URL#g"
status xva-verify "$url/cut/a.xva" 2>&1 | sed "s#$url#URL#g"
status xva-verify --timeout 1s "$url/stall/a.xva" 2>&1 | sed "s#$url#URL#g"
status xva-verify "http://user:secret@${url#http://}/nothing" 2>&1 | sed "s#$url#URL#g"
status xva-mbr http://127.0.0.1:1/a.xva 2>&1 | sed 's/after [0-9]* ms/after N ms/'
kill %1
