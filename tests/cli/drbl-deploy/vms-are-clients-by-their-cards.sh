#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# labels: full
# timeout: 120
# A VM of a pool whose network card the server knows, and one that it does not know.
# shellcheck disable=SC2153
. "$LIB"
. "$ROOT/tests/tools/drbl/server.sh"
drbl_namespace "$@"
drbl_server >/dev/null
drbl_image gold
with_xapi
xvm ls --format tsv --fields name,mac | awk -F'\t' '$2 != "" { sub(/,.*/, "", $2); print }' OFS='\t' >vms
read -r name mac < <(head -n 1 vms)
printf 'host vm1 {\n  hardware ethernet %s;\n  fixed-address 192.168.100.77;\n}\n' "$mac" >>server/etc/dhcp/dhcpd.conf
drbl-deploy restore gold --disk sda --vms "$name" -s | grep -o 'h 192.168.100.77 startdisk restore gold sda'
read -r other _ < <(sed -n 2p vms)
status drbl-deploy restore gold --disk sda --vms "$other" 2>err
grep -o 'the server knows no network card of' err
status drbl-deploy restore gold --disk sda --vms 'no-such-*' 2>/dev/null
status drbl-deploy restore gold --disk 'sda;' --vms "$name" 2>/dev/null
