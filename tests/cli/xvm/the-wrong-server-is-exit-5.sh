#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# timeout: 90
# Wrong password, web pages, garbage, cut answers, nobody there, a black hole: a clear message, the right code, no secret.
. "$LIB"
with_xapi --vms 2
plain() { sed "s/127.0.0.1:[0-9]*/HOST/g; s/ after [0-9]* ms//; s/with [0-9]* bytes/with N bytes/"; }
try() {
    echo "# $*"
    local code=0
    timeout 30 "$@" >out 2>err || code=$?
    plain <err
    echo "exit $code"
}
echo "not the password" >wrong && chmod 600 wrong
try xvm ls --password-file wrong
chmod 644 wrong
try xvm ls --password-file wrong
for fault in html garbage truncated-xml; do
    xapi_do fault "$fault:VM.*"
    try xvm ls --fields name
    xapi_do clear
done
# Reading calls are sent again, so a single broken connection is not even seen.
xapi_do fault reset
try xvm ls --fields name
xapi_do fault reset-after
try xvm ls --fields name
xapi_do fault booting:2
try xvm ls --fields name
try xvm ls --host 127.0.0.1:9
begin=$SECONDS
status timeout 30 xvm ls --host 192.0.2.1 2>/dev/null # how the network says it differs
((SECONDS - begin < 15)) || echo "BAD: took $((SECONDS - begin)) s"
try xvm ls --host http://127.0.0.1
try xvm ls --password secret
xvm ls --debug 2>&1 | grep -c "$(<"$XENLAB_PASSWORD_FILE")" || true
