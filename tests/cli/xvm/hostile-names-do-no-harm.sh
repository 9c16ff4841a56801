#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# Names with line feeds, escapes, commas, quotes, that look like options, globs or references: a line each, nothing that
# a terminal obeys, and each is served when it is named.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires jq
with_xapi --vms 1 --fault hostile-names
row=(--fields "status,name,message")
xvm ls --fields name
XENLAB_FORMAT=table xvm ls --fields name | wc -l
XENLAB_FORMAT=table xvm ls --fields name | LC_ALL=C grep -c "$(printf '[\001-\010\013-\037\177]')" || true
xvm ls --json | jq -r '[.items[].name] | length'
xvm start '*' "${row[@]}" # the VM of that name, not all of them
xvm start "${row[@]}" -- -x --help 'a,b c' $'two\nlines' $'tab\there' ' lead and trail '
xvm ls -q -l power=halted | xvm start - "${row[@]}"
xvm ls -q0 >list
xvm stop @list --kill --grace 1s --fields status | sort | uniq -c | tr -s ' '
status xvm start $'no\x1b[2Jsuch' 2>err
cat -v err
xvm ls -q -l 'name~*red*' | wc -l
xvm task ls -a --fields name # none
