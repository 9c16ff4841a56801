#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 90
# A killed server is not the end: what was captured stays, and the stream goes on.
. "$LIB"
own_network
with_nic
capture --interface vif7.0 -w cap.pcapng --json -- udp port 9 >out.json
datagrams 7 2
sleep 0.3
# shellcheck disable=SC2086  # numbers
{ stop_sshd $SSHD_PIDS; wait $SSHD_PIDS; } 2>/dev/null || true
SSHD_PIDS=
wait_for 30 grep -qs 'connection to h1 lost' err
start_sshd h1
wait_for 30 grep -qs 'it came back' err
datagrams 7 3
sleep 0.3
end_capture
jq -c '[.packets, [.epochs[]|.interface, .packets]]' out.json
tshark -r cap.pcapng -Y 'frame.interface_name == "vifcap-events"' -T fields -e frame.comment 2>/dev/null | sed -E 's/[-+]?[0-9]+\.[0-9]+ s/TIME/g; s/@127.0.0.1:[0-9]+.*/.../' | sort
