#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The reader of our output goes away: we die of SIGPIPE and say nothing.
. "$LIB"
set +o pipefail
sample xapi-23.1 >a.xva
args=()
for ((i = 0; i < 3000; i++)); do args+=(a.xva); done
xva-verify --jsonl "${args[@]}" | head -n 1 >/dev/null
echo "${PIPESTATUS[0]}"
(sleep 0.5; exec xva-mbr --json a.xva) | true
echo "${PIPESTATUS[0]}"
