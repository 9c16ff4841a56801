#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# A state, an address, a port; hopeless waits fail at once (6), others in time (124).
. "$LIB"
with_xapi --vms 4 --running 2
row=(--fields "status,name,message")
xvm wait 'vm00[12]' --for tools --fields status,name
xvm wait vm001 --for ip --fields status,name
status xvm wait vm003 --for ip "${row[@]}"
status xvm wait vm003 --for state=running --timeout 300ms "${row[@]}"
xvm wait vm003 --timeout 20s --fields status,name >waited &
waiter=$!
xvm start vm003 "${row[@]}"
wait $waiter
cat waited
status xvm wait vm001 --for bananas
