#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# One image into many drives: what is so is skipped, another one is replaced only when asked, a missing drive is added.
. "$LIB"
with_xapi --vms 4 --running 2
row=(--fields "status,name,message")
requires jq
for drive in $(xvm api VM.get_VBDs "$(xvm ls -q vm004)" | jq -r '.[]'); do
    [[ $(xvm api VBD.get_type "$drive") != CD ]] || xvm api VBD.destroy "$drive" >/dev/null
done
xvm iso ls --fields name,sr
status xvm iso insert rescue --all "${row[@]}" 2>/dev/null
xvm iso insert rescue.iso --all --add-drive "${row[@]}"
status xvm iso insert debian-12.iso vm001 "${row[@]}"
xvm iso insert debian-12.iso vm001 --replace "${row[@]}"
xvm iso eject --all --if missing "${row[@]}"
xvm iso eject --all "${row[@]}"
status xvm iso insert nosuch.iso vm001
