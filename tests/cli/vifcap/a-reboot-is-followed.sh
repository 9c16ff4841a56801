#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 90
# The old interface goes, then there is none, then one of another domain appears, which is up only later.
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
datagrams 2 5
ip link del vif2.0 # the last packets are still in the ring
wait_for 20 grep -qs 'vif2.0 is gone' err
guest b
nic b vif3.0 3 # another VM, in between
up vif3.0 3
xenstore h1 /local/domain/3/vm /vm/11111111-0000-4000-8000-000000000003
sleep 0.5
xenstore h1 /local/domain/5/vm /vm/$uuid
guest c
nic c vif5.0 5
sleep 0.5
up vif5.0 5
wait_for 20 grep -qs 'vif5.0 on h1 is captured (a new domain' err
datagrams 3 2
datagrams 5 4
sleep 0.5
kill $vifcap
wait $vifcap
jq -c '[.packets, .lost, [.epochs[]|.interface, .packets]]' out.json
tshark -r cap.pcapng -T fields -e frame.interface_name -e udp.dstport 2>/dev/null | sort | uniq -c
tshark -r cap.pcapng -Y 'frame.interface_name == "vif5.0"' -T fields -e frame.comment 2>/dev/null | grep -c 's after vif2.0 went'
