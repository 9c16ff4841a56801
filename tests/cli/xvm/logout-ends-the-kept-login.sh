#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# A login is kept between runs until xvm ctx logout ends it, here and on the server.
. "$LIB"
with_xapi --vms 1
logins() { jq -r .method xapi.log | grep -cx "$1" || true; }
xvm ls -q >first
xvm ls -q | cmp first -
echo "logins $(logins session.login_with_password)"
xvm ctx logout 2>&1 | sed 's/127.0.0.1:[0-9]*/HOST/g'
echo "logouts $(logins session.logout)"
xvm ctx logout 2>&1 | sed 's/127.0.0.1:[0-9]*/HOST/g'
xvm ls -q | cmp first -
echo "logins $(logins session.login_with_password)"
