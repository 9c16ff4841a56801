#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# Two VMs of one name: exit 4, both uuids named, nothing called. A slip is told, a prefix and a list work.
. "$LIB"
with_xapi --vms 4 --running 2 --fault rename:1:vm002:vm001
xvm ls -q >all
status xvm stop vm001 2>err
for uuid in $(xvm ls -q 'vm00[1]'); do grep -q "$uuid" err || cat err; done
xapi_calls --mutating
status xvm stop vm0003
status xvm ls "$(cut -c1-8 all | head -1)" --fields power
xvm ls - --fields power <all | sort | uniq -c
xvm ls @all -q | cmp - all
status xvm stop -l colour=red
status xvm stop </dev/null
