#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# An export may be answered with the address of the host that sees the disks. The session goes to members of the pool
# only, at the port of its API, and only if their certificate is the one that is known.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
with_xapi --vms 1
xapi_py <<<'small_disk("vm001", 2**20, {0: b"x" * 512})'
port=${XAPI_URL##*:}
attempt() { # FAULT
    xapi_do "fault $1"
    rm -f x.xva
    status xvm export vm001 -o x.xva --fields status,message 2>&1 | sed "s/:$port/:PORT/g; s/[0-9.]* MiB in/N in/; s/sha256:[0-9a-f]*/PIN/g"
    xapi_do clear
    no_remains
}
attempt redirect:1:127.0.0.2
attempt redirect:1:127.0.0.2:none
attempt redirect:1:127.0.0.1
attempt redirect:1:127.0.0.9
attempt redirect:1:127.0.0.2:9
attempt 'redirect:1:evil@127.0.0.2'
attempt 'redirect:*:127.0.0.2'
sed -i "s/^127.0.0.2:$port sha256:..../127.0.0.2:$port sha256:0000/" "$XDG_STATE_HOME/xenlab/pins"
attempt redirect:1:127.0.0.2
