#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 120
# TAB offers the pool's VMs, hosts and SRs; it keeps them, so that it goes on without the pool, and never asks for a password.
# shellcheck disable=SC2016
. "$LIB"
with_xapi --hosts 2 --vms 3
offers() { xvm __complete "$@" | tail -n +2 | cut -f1 | paste -sd' '; }
# A loaded machine may be slower than anybody would wait for TAB: then there is nothing, and the next TAB asks again.
wait_for 60 eval '[[ $(offers start vm) == *vm003* ]]'
offers start vm00
offers snap create before vm001 vm00
wait_for 60 eval '[[ $(offers migrate vm001 --to "") == *host2* ]]'
offers migrate vm001 --to host2
echo "== the pool is gone"
kill "$XAPI_PID"
stop_xapi
touch -d '1 hour ago' "$XDG_RUNTIME_DIR"/xenlab/names-*
offers start vm00
offers start vm00x
XENLAB_PASSWORD_FILE='' timeout 60 xvm __complete start vm --host nowhere.invalid </dev/null
