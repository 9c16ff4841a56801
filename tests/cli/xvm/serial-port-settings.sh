#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Where serial ports lead: shown with its origin, set with the warnings that matter, unset; ports do not collide.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires jq
with_xapi --vms 5 --running 2
row=(--fields "status,name,message")
xapi_py <<<'call("VM.add_to_other_config", one("VM", "vm003"), "hvm_serial", "file:/tmp/x")'
xvm serial show vm001 vm003 --fields vm,value,from,power,host
xapi_changes
xvm serial set vm001 vm003 tcp:127.0.0.1:7001+,server --dry-run "${row[@]}"
nothing_changed
xvm serial set vm001 vm003 tcp:127.0.0.1:7001+,server "${row[@]}"
xvm serial set vm001 vm003 tcp:127.0.0.1:7001+,server --quiet "${row[@]}"
xvm serial set vm004 tcp:127.0.0.1:7001+,server -s "${row[@]}"
status xvm serial set vm005 tcp:127.0.0.1:7001,server -s "${row[@]}"
xvm serial set vm005 tcp::7010,server "${row[@]}"
xvm serial set vm005 tcp:10.0.0.1:7010 "${row[@]}"
xvm serial show --all --json | jq -c '.schema, (.items[] | [.vm, .value, .from])'
xapi_changes
xvm serial unset vm002 vm003 --dry-run "${row[@]}"
xvm serial unset vm002 vm003 "${row[@]}"
xvm serial show vm003 --fields vm,value,from
xapi_changes
for value in telnet:0:7001 udp:1:2 unix:/x tcp:127.0.0.1 tcp:h:0,server tcp:h:99999 'tcp:h:1+' stdio '' 'pty x'; do
    status xvm serial set vm001 "$value"
done
status xvm serial set vm001 vm002 tcp:127.0.0.1:7001,server
set_field '["VM","vm002","domain_type","pv"]'
status xvm serial set vm002 pty -s "${row[@]}"
nothing_changed
