#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 90
. "$LIB"
own_network
with_nic
big() { python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(int(sys.argv[1])): s.sendto(b"%04d" % i + b"x" * 896, ("10.7.0.2", 9))' "$1"; }
# A file ends with the packet that makes it 4096 bytes: 4 packets of 942 bytes and their blocks. Each is whole.
capture --interface vif7.0 --rotate 4k,2 --count 18 -w ring.pcapng --json -- udp port 9 >out.json
big 18
wait "$CAPTURE"
jq -c .files out.json
ls
for file in ring.*; do tshark -r "$file" -Y udp -T fields -e data.data 2>/dev/null | cut -c1-8 | xxd -r -p | xargs -n1 -d '\n' echo "$file"; done
# Without a number all are kept, also of classic pcap.
capture --interface vif7.0 --rotate 4k --pcap --count 9 -w all.pcap -- udp port 9
big 9
wait "$CAPTURE"
for file in all.*; do echo "$file $(tshark -r "$file" 2>/dev/null | wc -l)"; done
for words in 1k 4k,0 4k,x 4k,2,3 x; do status vifcap --ssh-host h1 --interface vif7.0 -w x.pcapng --rotate "$words"; done
status vifcap --ssh-host h1 --interface vif7.0 --rotate 4k
