#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
sample xapi-23.1-two-disks >c.xva
tar xOf c.xva ova.xml >host.xml
xva-disk c.xva -d 0 -o 0.raw
xva-disk c.xva -d 1 -o 1.raw
status xva-disk --pack host.xml 0.raw -o out
truncate -s +1 1.raw
status xva-disk --pack host.xml 0.raw 1.raw -o out
sed 's/recommendations/commendations/' host.xml >refused.xml
truncate -s -1 1.raw
status xva-disk --pack refused.xml 0.raw 1.raw -o out
status xva-disk --pack 0.raw 1.raw -o out
status xva-disk --pack --name x c.xva -o out
status xva-disk --pack --name x 0.raw -o 0.raw
status xva-disk --pack --name x - -o out <0.raw
[[ ! -e out && ! -e out.part ]] || echo "BAD: left" out*
