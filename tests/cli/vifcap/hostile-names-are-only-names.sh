#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 90
# Names that a shell, a terminal or Wireshark's sentences could take for something else.
. "$LIB"
own_network
requires tcpdump tshark jq
with_sshd h1
sed -i 's/^Host h1$/& 127.0.0.1/' ssh_config
with_xapi --hosts 1 --vms 1 --running 1 --fault "rename:1:vm001:\$(touch hacked)'{x}"$'\e[2J'
domid=$(vifcap --list --format tsv --fields domid)
guest a
nic a "vif$domid.0" 7
up "vif$domid.0" 7
# Legal names of interfaces, which the host's watcher sees, too.
nic a 'vif9.0;id>pwned' 31
nic a "tap\$(id).0'" 32
uuid=$(vifcap --list --format tsv --fields uuid)
vifcap -v --ssh-config ssh_config "$uuid" -w cap.pcapng --json -- udp port 9 >out.json 2>err &
vifcap=$!
wait_for 30 grep -qs 'is captured' err
datagrams 7 1
sleep 0.3
kill $vifcap
wait $vifcap
jq -c '[.packets, .epochs[].nic]' out.json
tshark -r cap.pcapng -Y udp -T fields -e frame.interface_description 2>/dev/null | sed -E 's/domid.*/.../'
grep -c $'\e' err || true
vifcap --extcap-interfaces | sed -n 's/{display=.*//; /interface/p' | sed "s/$uuid/UUID/"
find . -name hacked -o -name pwned
