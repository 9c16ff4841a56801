#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Hosts are disabled, emptied and enabled; one that cannot be emptied is enabled again; SSH is switched where the host
# can.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires jq
with_xapi --vms 4 --running 4 --ssh-api
row=(--fields "status,name,message")
xvm host ls --format table --fields name,role,enabled,live,vms,version,ssh
xvm host ls host2 --json | jq -c '.schema, (.items[] | [.name, .coordinator, .enabled, .vms, .ssh])'
xvm host disable host2 --dry-run "${row[@]}"
xvm host evacuate host2 --dry-run "${row[@]}"
xvm host ssh off host1 --dry-run "${row[@]}"
nothing_changed
xvm host disable host2 "${row[@]}"
xvm host disable host2 "${row[@]}"
status xvm host disable host2 --strict "${row[@]}"
status xvm host evacuate host1 "${row[@]}"
xvm host enable 'host*' "${row[@]}"
xapi_do 'fault host.evacuate:1:NO_HOSTS_AVAILABLE'
status xvm host evacuate host2 "${row[@]}"
xvm host ls --fields name,enabled,vms
xvm host evacuate host2 "${row[@]}"
xvm host evacuate host2 "${row[@]}"
xvm host ls --fields name,enabled,vms
xvm host ssh off host1 "${row[@]}"
xvm host ssh off 'host*' "${row[@]}"
xapi_changes
status xvm host enable nosuch
with_xapi --vms 0
status xvm host ssh on host1 "${row[@]}"
