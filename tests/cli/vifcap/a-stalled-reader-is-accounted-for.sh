#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 90
# A reader that takes nothing: the host's kernel drops, and every packet is accounted for.
. "$LIB"
own_network
with_nic
mkfifo pipe
exec 8<>pipe
capture --interface vif7.0 --strict -w - -- udp port 9 >pipe
python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
for _ in range(9000): s.sendto(b"x" * 1400, ("10.7.0.2", 9))'
tshark -r - -Y udp -T fields -e udp.dstport <pipe 2>/dev/null >seen 8>&- &
reader=$!
exec 8>&-
wait_for 30 test -s seen
end_capture
wait $reader
summary() { sed -nE 's/.*: ([0-9]+) packets from 1 interface: ([0-9]+) received, ([0-9]+) dropped.*, ([0-9]+) lost.*/\1 \2 \3 \4/p' err; }
read -r packets received dropped lost < <(summary)
[ "$packets" = "$(wc -l <seen)" ] || echo "BAD: $packets"
[ "$dropped" -gt 0 ] || echo "BAD: nothing dropped"
# The one that tcpdump was writing when it was told to end may be cut.
rest=$((received - packets - dropped - lost))
echo "$received $((rest == 0 || rest == 1))"
