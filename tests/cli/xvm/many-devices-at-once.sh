#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# Disks, cards and serial ports of many VMs: several at once, the same rows for any -P, those of one VM one at a time.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires jq
with_xapi --vms 6 --running 3
row=(--fields "status,name,message")
cmp <(xvm disk add --all --size 1G -P1 -n "${row[@]}") <(xvm disk add --all --size 1G -P6 -n "${row[@]}")
nothing_changed
xvm disk add 'vm00[1-4]' --size 1G -P4 --stagger 10ms --json | jq -c '.schema, (.items[] | [.status, .name])'
xapi_changes
xvm nic add 'vm00[12]' --network labnet -P2 "${row[@]}"
xvm nic rm 'vm00[12]' 1 "${row[@]}"
xvm disk rm 'vm00[1-4]' 1 --dry-run "${row[@]}"
status xvm disk rm 'vm00[1-5]' 1 -y "${row[@]}" # vm005 has none: nothing is begun
xapi_changes >/dev/null
xvm disk rm 'vm00[1-4]' 1 --delete -y "${row[@]}"
xapi_changes
printf 'vm005\nvm006\n' | xvm serial set - tcp:127.0.0.1:7001+,server -s -P2 "${row[@]}"
xvm vdi resize 'vm00[56] disk' +1G "${row[@]}"
status xvm vdi resize 'vm00[56] disk' 1M --fail-fast -P1 --fields status,name 2>/dev/null
status xvm vdi resize 'vm00[56] disk' large
SESSIONS=2 no_remains # the first two logged in at once
