#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
own_network
requires tcpdump tshark jq
with_sshd h1
guest a
nic a vif7.0 7
up vif7.0 7
vifcap -v --ssh-config ssh_config --ssh-host h1 --interface vif7.0 --count 4 -w cap.pcapng --json -- udp port 9 >out.json 2>err &
wait_for 20 grep -qs 'is captured' err
datagrams 7 6
wait $!
jq -c '[.packets, .dropped, .lost, [.epochs[]|.interface, .host, .packets, .problem]]' out.json
tshark -r cap.pcapng -T fields -e frame.interface_name -e udp.dstport 2>/dev/null | sort | uniq -c
