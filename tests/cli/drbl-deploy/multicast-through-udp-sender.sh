#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# labels: full
# timeout: 300
# The real udp-sender feeds a real udp-receiver in another network namespace; the progress is the sender's.
# shellcheck disable=SC2153
. "$LIB"
. "$ROOT/tests/tools/drbl/server.sh"
drbl_namespace "$@"
requires jq
drbl_server >/dev/null
drbl_image gold
drbl-deploy multicast gold --disk sda --hosts pc1 --clients 1 --max-wait 20s --interface eth1 --run -y -s >/dev/null
drbl-deploy status --json 2>/dev/null | jq -c '.job.phase, .job.sending, .job.total > 3000000'
pgrep -af udp-sender | grep -o -- '--min-clients 1 --max-wait 20 --interface eth1' | head -n 1
unshare -n sleep 60 &
client=$!
sleep 0.3
ip link set inside netns "$client"
nsenter -t "$client" -n ip link set lo up
nsenter -t "$client" -n ip addr add 192.168.100.1/24 dev inside
nsenter -t "$client" -n ip link set inside up
nsenter -t "$client" -n timeout 60 "$drbl_packages/usr/bin/udp-receiver" --interface inside --nokbd --portbase 2232 --mcast-rdv-address 224.0.0.1 --file received >/dev/null 2>&1
cmp received server/home/partimag/gold/sda1.ext4-ptcl-img.gz.aa
client_done 1
drbl-deploy status --wait --timeout 30s 2>/dev/null | cut -f1,2
kill "$client"
