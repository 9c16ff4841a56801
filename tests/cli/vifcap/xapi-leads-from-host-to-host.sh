#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 120
# A VM of the simulated pool: found by name, rebooted, migrated to another host, halted. The hosts are two sshds that have
# no xenstore, so XAPI's events are all there is.
. "$LIB"
own_network
requires tcpdump tshark jq
with_sshd h1
with_sshd h2
sed -i 's/^Host h1$/& 127.0.0.1/; s/^Host h2$/& 127.0.0.2/' ssh_config
with_xapi --hosts 2 --vms 2 --running 2
host=$(vifcap --list vm001 --format tsv --fields host)
domid=$(vifcap --list vm001 --format tsv --fields domid)
other=$(python3 -c 'import json; print([h["name"] for h in json.loads(open("xapi.ready").readline())["hosts"] if h["name"] != "'"$host"'"][0])')
guest a
nic a "vif$domid.0" 2
up "vif$domid.0" 2
vifcap -v --ssh-config ssh_config vm001:0 -w cap.pcapng --json -- udp port 9 >out.json 2>err &
vifcap=$!
wait_for 20 grep -qs "vif$domid.0 on $host is captured" err
datagrams 2 2
sleep 0.5
ip link del "vif$domid.0"
xapi_call VM.hard_reboot 'vm vm001' >/dev/null
next=$(vifcap --list vm001 --format tsv --fields domid)
[ "$next" != "$domid" ] || echo 'the same domid'
guest b
nic b "vif$next.0" 3
up "vif$next.0" 3
wait_for 20 grep -qs "vif$next.0 on $host is captured (a new domain" err
datagrams 3 3
sleep 0.3
xapi_call VM.pool_migrate 'vm vm001' "host $other" {} >/dev/null
last=$(vifcap --list vm001 --format tsv --fields domid)
ip link del "vif$next.0"
guest c
nic c "vif$last.0" 4
up "vif$last.0" 4
wait_for 20 grep -qs "vif$last.0 on $other is captured (migration from $host)" err
datagrams 4 4
sleep 0.3
ip link del "vif$last.0"
xapi_call VM.hard_shutdown 'vm vm001' >/dev/null
wait $vifcap # a halted VM ends it, without --follow
jq -c '[.packets, .lost, [.epochs[].packets]]' out.json
status vifcap --ssh-config ssh_config vm001 -w x.pcapng 2>halted
sed 's/web1/NAME/' halted
