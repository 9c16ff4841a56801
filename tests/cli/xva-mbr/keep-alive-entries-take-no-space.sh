#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Chunk numbers run ahead of offsets after a keep-alive: the tables are found where the importer puts them.
. "$LIB"
disk mbr-logical d.raw
xva --disk d.raw --keepalive 2 d.xva
xva-mbr --json d.raw | sed '/"ref"\|"name"/d' >raw
xva-mbr --json d.xva | sed '/"ref"\|"name"/d' | cmp - raw
xva-mbr --json --complete - <d.xva | sed '/"ref"\|"name"/d' | cmp - raw
