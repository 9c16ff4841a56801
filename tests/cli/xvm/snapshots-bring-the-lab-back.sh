#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# Snapshot, see the tree, go back in bulk and start, remove; a question without a terminal is exit 4 and changes nothing.
. "$LIB"
with_xapi --vms 4 --running 2
row=(--fields "status,name,message")
xvm snap create one 'vm00[12]' --fields status,name
xvm snap create two vm001 --fields status,name
xvm snap ls --format table --fields vm,snapshot,memory
status xvm snap revert --latest 'vm00[12]' </dev/null
xapi_calls --mutating Async.VM.revert
xvm snap revert --latest 'vm00[12]' --start --dry-run "${row[@]}"
xvm snap revert --latest 'vm00[12]' --start --yes "${row[@]}"
status xvm snap revert --to twoo vm001 --yes "${row[@]}"
xvm snap rm 'o*' --all --yes "${row[@]}"
xvm snap ls --fields vm,snapshot
