#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
echo '<html><head><title>404 Not Found</title></head></html>' >page.xva
printf 'conectix%504s' '' >disk.xva
: >empty.xva
echo '{"error": 1}' >answer.xva
for f in page disk empty answer; do
    status xva-mbr $f.xva
done
mkdir folder
status xva-mbr folder
status xva-mbr vm:web1
