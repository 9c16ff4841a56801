#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# The same pool as a table, as TSV, as JSON and as uuids; three requests once the login is cached.
. "$LIB"
requires jq
with_xapi --vms 3 --running 1
xvm ls --format table
xvm ls --fields name,power,host,ip,tags
xvm ls -l power=halted,name~*3 --fields name
xvm ls --json | jq -r '.schema, (.items[] | [.name, .power, .vcpus, .memory, .host, .os] | @json)'
diff <(xvm ls -q) <(xvm ls --json | jq -r '.items[].uuid')
diff <(xvm ls -q) <(xvm ls -q | xvm ls -q -)
before=$(xapi_calls | wc -l)
xvm ls >/dev/null
echo "$(($(xapi_calls | wc -l) - before)) requests"
