#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
own_network
with_nic
big() { python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(int(sys.argv[1])): s.sendto(b"x" * 900, ("10.7.0.2", 9))' "$1"; }
# Bytes of each packet; a number of packets.
capture --interface vif7.0 --snaplen 60 --count 3 -w few.pcapng -- udp port 9
big 5
wait "$CAPTURE"
tshark -r few.pcapng -Y udp -T fields -e frame.cap_len -e frame.len 2>/dev/null | awk '{ print ($1 > 40 && $1 <= 60), $2 }'
# Classic pcap: packets only, microseconds, what file(1) and everything else knows.
capture --interface vif7.0 --pcap -w - --count 2 -- udp port 9 >classic.pcap
big 2
wait "$CAPTURE"
xxd -p -l 4 classic.pcap
tshark -r classic.pcap -T fields -e frame.cap_len -e udp.dstport 2>/dev/null
# Time.
capture --interface vif7.0 --duration 1s -w timed.pcapng --json -- udp port 9 >out.json
big 1
wait "$CAPTURE"
jq -c '[.packets, .seconds >= 1]' out.json
