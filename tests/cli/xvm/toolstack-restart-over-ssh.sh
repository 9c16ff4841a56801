#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 120
# A toolstack that does not come back is restarted with the script on the host, and so is one that was dead before we
# came. A script that fails and a host that does not let us in are told.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires sshd ssh-keygen
with_xapi --vms 0 --hosts 1
with_sshd lab
mkdir -p "$HOME/.ssh" "$XDG_CONFIG_HOME/xenlab" scripts
cp ssh_config "$HOME/.ssh/config"
echo "PATH='$PWD/scripts':\$PATH" >lab/home/.bashrc
{
    echo '[context.lab]'
    echo "host = \"$XENLAB_HOST\""
    echo "password-file = \"$XENLAB_PASSWORD_FILE\""
    echo '[context.lab.ssh]'
    echo 'host1 = "lab"'
} >"$XDG_CONFIG_HOME/xenlab/config"
unset XENLAB_HOST XENLAB_PASSWORD_FILE
script() {
    printf '#!/bin/sh\n%s\n' "$1" >scripts/xe-toolstack-restart
    chmod +x scripts/xe-toolstack-restart
}
restart() { # ARGUMENT...
    local code=0
    xvm host toolstack-restart host1 --fields status,name,message "$@" >out 2>&1 || code=$?
    sed -E 's/after [0-9]+ s/after N s/; s/after [0-9]+ ms/after N ms/
        s/port [0-9]+/port N/; s/127\.0\.0\.1(:[0-9]+)?/HOST/g; s/'"$(id -un)"'@/USER@/g' out
    echo "exit $code"
}
comes_back() { # TIME: what the script has to do to the simulated host
    echo "echo 'set [\"host\",\"host1\",\"other_config\",{\"agent_start_time\":\"$1.\"}]' >'$PWD/xapi.in'"
}

echo "-- at once"
script "$(comes_back 5000000000)"
restart --ssh only
echo "-- the script fails"
script "echo another one runs >&2; exit 1"
restart --ssh only
echo "-- it does not come back"
script "echo clear >'$PWD/xapi.in'; $(comes_back 6000000000)"
xapi_do fault no-comeback
restart --ssh-after 2s
echo "-- never"
xapi_do fault no-comeback
restart --ssh never --timeout 3s
echo "-- it was dead before"
restart --ssh never
restart --dry-run
restart
xvm host ls --fields name
echo "-- nobody lets us in"
: >lab/authorized_keys
restart --ssh only
