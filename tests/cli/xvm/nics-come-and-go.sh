#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Network cards are added and removed, hot where the guest can take them; a dry run changes nothing.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires jq
with_xapi --vms 6 --running 5
row=(--fields "status,name,message")
xvm nic add vm001 vm005 vm006 --network labnet --dry-run "${row[@]}"
nothing_changed
xvm nic add vm001 vm005 vm006 --network labnet "${row[@]}"
xvm nic add vm002 --network labnet --mac 2e:00:00:00:00:01 --device 5 "${row[@]}"
xvm nic ls vm001 vm002 vm006 --fields vm,device,network,ip,attached
xvm nic ls vm002 --json | jq -c '.schema, (.items[1] | [.device, .mac, .mtu, .attached])'
status xvm nic add vm001 --network nosuch "${row[@]}"
status xvm nic add vm001 --network labnet --mac 01:00:00:00:00:01
status xvm nic add vm001 vm002 --network labnet --mac 2e:00:00:00:00:02
status xvm nic rm vm001 9
xvm nic rm vm001 1 --dry-run "${row[@]}"
xvm nic rm vm002 2E:00:00:00:00:01 "${row[@]}"
xvm nic rm vm001 1 "${row[@]}"
xapi_changes
