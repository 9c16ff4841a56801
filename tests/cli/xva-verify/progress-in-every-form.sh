#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# bar only on a terminal; json and line where asked for; none on standard output.
. "$LIB"
requires script jq
xva --disk random=30M a.xva
xva-verify --progress json --progress-fd 3 a.xva 3>progress >/dev/null
jq -c 'keys' progress | sort -u
xva-verify --progress line a.xva 2>&1 >/dev/null | sed 's/[0-9][0-9.]* \?[KMG]\?i\?B/N/g; s/[0-9]*%/P%/'
xva-verify a.xva 2>&1 | grep -c $'\r' || true
TERM=xterm script -qec "cat a.xva | (head -c 9000000; sleep 0.4; cat) | xva-verify -" /dev/null </dev/null | tr '\r' '\n' | grep -c '%' | sed 's/[1-9][0-9]*/some/'
