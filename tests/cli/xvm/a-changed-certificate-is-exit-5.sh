#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# Unknown: pinned and said. Changed: refused before a byte is sent, until it is accepted. Expired: refused unless named.
. "$LIB"
plain() { sed "s/127.0.0.1:[0-9]*/HOST/g; s/sha256:[0-9a-f]*/sha256:X/g"; }
with_xapi --vms 1
rm "$XDG_STATE_HOME/xenlab/pins"
xvm ls --fields name 2>&1 | plain
xvm ls --fields name
xapi_do fault tls-change
calls=$(wc -l <xapi.log)
status xvm ls 2>err
plain <err
[[ $(wc -l <xapi.log) == "$calls" ]] || echo "BAD: something was sent"
status xvm ls --pin "$XAPI_PIN" 2>err
plain <err
xvm ctx trust "$XENLAB_HOST" 2>&1 | plain
xvm ls --fields name
with_xapi --vms 1 --fault tls-expired
rm "$XDG_STATE_HOME/xenlab/pins"
status xvm ls 2>err
plain <err
xvm ls --pin "$XAPI_PIN" --fields name 2>&1 | plain
with_xapi --vms 1 --fault tls-p384
xvm ls --fields name
