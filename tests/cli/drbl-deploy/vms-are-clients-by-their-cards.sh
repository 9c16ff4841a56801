#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# labels: full
# timeout: 120
# A VM of a pool whose network card the server knows, and one that it does not know. The pool says how large its disks are.
# shellcheck disable=SC2153
. "$LIB"
. "$ROOT/tests/tools/drbl/server.sh"
drbl_namespace "$@"
drbl_server >/dev/null
requires jq
cp -a server/home/partimag/gold server/home/partimag/big
sed -i 's/131072s/41943040s/; s/67583s/20971519s/; s/65536s/20969472s/' server/home/partimag/big/sda-pt.parted
with_xapi
xvm ls --format tsv --fields name,mac | awk -F'\t' '$2 != "" { sub(/,.*/, "", $2); print }' OFS='\t' >vms
read -r name mac < <(head -n 1 vms)
printf 'host vm1 {\n  hardware ethernet %s;\n  fixed-address 192.168.100.77;\n}\n' "$mac" >>server/etc/dhcp/dhcpd.conf
drbl-deploy restore gold --disk sda --vms "$name" -s | grep -o 'h 192.168.100.77 startdisk restore gold sda'
echo "== sizes"
drbl-deploy restore gold --disk sda --vms "$name" --json 2>/dev/null | jq -c '(.targets[]|[.disk,.size]), .warnings, .blockers, .image.disks'
drbl-deploy restore big --disk 1st-disk --vms "$name" --run -y 2>err || echo "exit $?"
grep -o 'image big: 1st-disk of .* is too small: 8 GiB for partitions that end at 10 GiB' err | sed "s/$name/VM/"
drbl-deploy restore gold --disk sdb --vms "$name" --run -y 2>err || echo "exit $?"
grep -o "has no sdb: it has 1 disk" err
rm -f server/usr/bin/lrzip
drbl-deploy save new --disk sda --vms "$name" --compress z7 --json 2>/dev/null | jq -c '.warnings|map(select(contains("lrzip")))'
echo "== unknown"
read -r other _ < <(sed -n 2p vms)
status drbl-deploy restore gold --disk sda --vms "$other" 2>err
grep -o 'the server knows no network card of' err
status drbl-deploy restore gold --disk sda --vms 'no-such-*' 2>/dev/null
status drbl-deploy restore gold --disk 'sda;' --vms "$name" 2>/dev/null
