#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What fits is kept, and is good.
. "$LIB"
own_network
with_nic
mkdir small
mount -t tmpfs -o size=256k tmpfs small
capture --interface vif7.0 -w small/cap.pcapng -- udp port 9
python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(600): s.sendto(b"x" * 900, ("10.7.0.2", 9))'
status wait "$CAPTURE"
grep small err
ls small
[ "$(tshark -r small/cap.pcapng -Y udp 2>err | wc -l)" -gt 100 ] || echo "BAD: little is there"
grep 'cut short' err || true
