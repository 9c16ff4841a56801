#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
own_network
requires tcpdump tshark
with_sshd h1
guest a
nic a vif7.0 7
nic a tap7.0 8
up vif7.0 7
up tap7.0 8
vifcap -v --ssh-config ssh_config --ssh-host h1 --domid 7 --once -- udp port 9 2>err >cap.pcapng &
vifcap=$!
wait_for 20 grep -qs 'vif7.0 on h1 is captured' err
wait_for 20 grep -qs 'tap7.0 on h1 is captured' err
datagrams 7 2
datagrams 8 3
sleep 0.3
ip link del tap7.0
sleep 0.3
datagrams 7 1
ip link del vif7.0
wait $vifcap
tshark -r - -T fields -e frame.interface_name -e udp.dstport <cap.pcapng 2>/dev/null | sort | uniq -c
