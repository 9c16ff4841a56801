#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# TAB knows the names of the pool: one request when they are not known yet, none for the next minute, and silence when
# the pool does not answer.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
with_xapi --vms 2
xvm snap create before vm001 --fields status
tab() { # WORD...: what stands at the last one
    echo "# $*"
    xvm __complete "$@" | sed -E 's/20[0-9-]+T[0-9:]+Z/TIME/'
}
tab start vm
tab migrate vm001 --sr 'Lo'
tab nic add vm001 --network lab
tab disk add vm001 --vdi vm
tab vdi rm vm
tab snap revert --to be
tab snap rm be
tab new x --template Deb
tab host disable host
tab iso insert deb
calls=$(xapi_calls | wc -l)
tab disk add vm001 --vdi vm001 >/dev/null
tab nic add vm001 --network lab >/dev/null
[[ $(xapi_calls | wc -l) == "$calls" ]] || echo "BAD: it asked again"
stop_xapi
rm -r "$XDG_RUNTIME_DIR/xenlab"
tab vdi rm vm
