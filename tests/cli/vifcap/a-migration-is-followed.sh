#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 90
# Live migration to the same host, as xenopsd does it: two domains of one VM at once, the second under a temporary uuid.
. "$LIB"
own_network
requires tcpdump tshark jq
uuid=3b2a0b7e-0000-4000-8000-000000000007
with_sshd h1
guest a
nic a vif2.0 2
up vif2.0 2
xenstore h1 /local/domain/2/vm /vm/$uuid
vifcap -v --ssh-config ssh_config --ssh-host h1 --vm-uuid $uuid -w cap.pcapng --json -- udp port 9 >out.json 2>err &
vifcap=$!
wait_for 20 grep -qs 'vif2.0 on h1 is captured' err
xenstore h1 /local/domain/3/vm /vm/99999999-0000-4000-8000-000000000003
xenstore h1 /vm/99999999-0000-4000-8000-000000000003/final-uuid $uuid
guest b
nic b vif3.0 3
up vif3.0 3
wait_for 20 grep -qs 'vif3.0 on h1 is captured' err
datagrams 2 3
datagrams 3 2
sleep 0.5 # a-reboot-is-followed tries what is still in the ring
ip link del vif2.0
wait_for 20 grep -qs 'vif2.0 is gone' err
datagrams 3 2
sleep 0.5
kill $vifcap
wait $vifcap
jq -c '[.packets, .lost, ([.epochs[]|[.interface, .packets]]|sort)]' out.json
