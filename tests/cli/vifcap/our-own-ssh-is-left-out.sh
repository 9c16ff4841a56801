#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# On an interface that our own SSH passes, too, it is left out; other SSH is not.
. "$LIB"
own_network
with_nic
capture --interface lo --duration 2s --no-events -w cap.pcapng
ssh -F ssh_config h1 true
python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9))'
wait "$CAPTURE"
tshark -r cap.pcapng -Y "udp.dstport == 9 and not icmp" 2>/dev/null | wc -l
echo "$(tshark -r cap.pcapng -Y "tcp.port == $SSHD_PORT" -T fields -e tcp.stream 2>/dev/null | sort -u | wc -l) SSH connection"
status vifcap --ssh-config ssh_config --ssh-host h1 --interface any -w x.pcapng
