#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# A running VM, one whose shutdown hangs, one that runs only in the database; what is off already is skipped.
. "$LIB"
with_xapi --vms 4 --running 3 --fault task-pending:VM.clean_shutdown:1
row=(--fields "status,name,message")
xvm kill vm001 "${row[@]}"
xvm stop vm002 --no-wait --fields status,name
xvm kill vm002 "${row[@]}"
xapi_do dead vm003
xvm kill vm003 vm004 "${row[@]}"
xvm ls --fields name,power
