#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
status xva-mbr --jsn x
status xva-verify --keepgoing x
status xva-mbr --format jason x
