#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# timeout: 300
# What --web does with other pages, other browsers, other names for it, broken frames and peers that stall.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires python3
with_xapi --vms 2 --running 1
mkdir -p empty share/novnc/app
XDG_DATA_DIRS=$PWD/empty status xvm console vm001 --web
status xvm console vm001 --web 127.0.0.1:99999
status xvm console vm001 --web --text
status xvm console vm001 --web localhost
export XDG_DATA_DIRS=$PWD/empty:$PWD/share
echo '<p>noVNC' >share/novnc/vnc.html
echo 'let a' >share/novnc/app/ui.js
echo 'secret' >share/novnc/private.key
echo 'secret' >share/outside.js
xvm console vm001 --web 0.0.0.0:0 >url 2>open &
web=$!
wait_for 20 test -s url
kill $web
wait $web 2>/dev/null || echo "exit $?"
sed -E 's/:[0-9]+/:PORT/; s/[0-9a-f]{64}/TOKEN/' url open
rm url
xvm console vm001 --web >url 2>notes &
web=$!
wait_for 20 test -s url
xvm console vm001 --listen 127.0.0.1:0 >port 2>vnc_notes &
vnc=$!
wait_for 20 test -s port
PYTHONPATH=$ROOT/tests/tools python3 "$ROOT/tests/cli/web_strangers.py" "$(cat url)" "$(cut -d: -f2 port)"
wait_for 60 grep -q 'no answer' vnc_notes
kill $vnc
wait $vnc 2>/dev/null || echo "exit $?"
kill $web
wait $web 2>/dev/null || echo "exit $?"
sed 's/^/note: /' notes vnc_notes
no_remains
