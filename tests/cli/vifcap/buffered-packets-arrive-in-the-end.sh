#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Without immediate mode on the host: nothing is lost when we end it; when the interface goes, what is lost is counted.
. "$LIB"
own_network
with_nic
capture --interface vif7.0 --buffered -w cap.pcapng --json -- udp port 9 >out.json
[[ $(tr '\0' ' ' <"/proc/$(pgrep -x tcpdump)/cmdline") != *immediate* ]] || echo 'BAD: immediate'
datagrams 7 40
sleep 1.2
end_capture
jq -c '[.packets, .lost]' out.json
tshark -r cap.pcapng -Y udp 2>/dev/null | wc -l
capture --interface vif7.0 --buffered --once -w gone.pcapng --json -- udp port 9 >out.json
datagrams 7 4
ip link del vif7.0
wait "$CAPTURE"
jq -c '.packets + .lost' out.json
