#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A profile says what is the same each time; --set and options change it.
. "$LIB"
export XENLAB_FORMAT=table
mkdir -p "$XDG_CONFIG_HOME/xenlab"
cat >"$XDG_CONFIG_HOME/xenlab/drbl-deploy.toml" <<'END'
# jobs of the lab
[profile.room1]
hosts = "10.0.0.5-6"   # two machines
disk = 'sda'
clients = 2
after = "poweroff"
END
drbl-deploy multicast gold --profile room1 -s
drbl-deploy multicast gold --profile room1 --set after=choose --set max-wait=1m -s
drbl-deploy multicast gold --profile room1 --hosts 10.0.0.7 --parts sda1 --clients 1 -s
status drbl-deploy multicast gold --profile rom1
status drbl-deploy multicast gold --profile room1 --set afterr=choose
status drbl-deploy multicast gold --profile room1 --set after
printf 'server = 1.5\n' >bad.toml
status drbl-deploy status --config bad.toml
status drbl-deploy status --config none.toml
