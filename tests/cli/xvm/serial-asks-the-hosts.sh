#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 90
# A host that logs all consoles overrides the setting; --check-hosts asks it over SSH, and says when it cannot.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires sshd ssh-keygen
with_xapi --vms 2 --running 1 --hosts 1
with_sshd lab
mkdir -p "$HOME/.ssh" "$XDG_CONFIG_HOME/xenlab" scripts
cp ssh_config "$HOME/.ssh/config"
echo "PATH='$PWD/scripts':\$PATH" >lab/home/.bashrc
printf '[context.lab]\nhost = "%s"\npassword-file = "%s"\n[context.lab.ssh]\nhost1 = "lab"\n' \
    "$XENLAB_HOST" "$XENLAB_PASSWORD_FILE" >"$XDG_CONFIG_HOME/xenlab/config"
unset XENLAB_HOST XENLAB_PASSWORD_FILE
printf '#!/bin/sh\n[ "$*" = "/local/logconsole/@" ] && cat "%s/answer" 2>/dev/null\n' "$PWD" >scripts/xenstore-read
chmod +x scripts/xenstore-read
xvm serial show vm001 vm002 --check-hosts --fields vm,value,host,overridden
echo '/var/log/consoles/%d' >answer
xvm serial show vm001 vm002 --check-hosts --fields vm,value,host,overridden
xvm serial set vm002 pty --check-hosts --fields status,name,message
: >lab/authorized_keys
xvm serial show vm001 --check-hosts --fields vm,value,host,overridden 2>err
grep -c 'cannot ask host1' err
