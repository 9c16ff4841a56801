#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 120
# Halted, started, halted, started: one stream. The host has no xenstore, so XAPI tells all.
. "$LIB"
own_network
requires tcpdump tshark jq
with_sshd h1
sed -i 's/^Host h1$/& 127.0.0.1/' ssh_config
with_xapi --hosts 1 --vms 1 --running 0
vifcap -v --follow --ssh-config ssh_config vm001 -w cap.pcapng --json -- udp port 9 >out.json 2>err &
vifcap=$!
guest a
for round in 1 2; do
    xapi_call VM.start 'vm vm001' false false >/dev/null
    domid=$(vifcap --list vm001 --format tsv --fields domid)
    nic a "vif$domid.0" "2$round"
    up "vif$domid.0" "2$round"
    wait_for 30 grep -qs "vif$domid.0 on .* is captured" err
    datagrams "2$round" "$round"
    sleep 0.3
    ip link del "vif$domid.0"
    xapi_call VM.hard_shutdown 'vm vm001' >/dev/null
    wait_for 30 grep -qs "vif$domid.0 is gone" err
done
kill $vifcap
wait $vifcap
jq -c '[.packets, .lost, [.epochs[].packets]]' out.json
