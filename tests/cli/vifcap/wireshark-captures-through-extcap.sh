#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 120
# A real tshark finds the running VM's NIC by name, in a folder of extcap programs as Wireshark has it, and captures it.
. "$LIB"
own_network
requires tcpdump tshark dumpcap
with_sshd h1
sed -i 's/^Host h1$/& 127.0.0.1/' ssh_config
mkdir -p "$HOME/.ssh" "$XDG_CONFIG_HOME/wireshark/extcap"
cp ssh_config "$HOME/.ssh/config"
with_xapi --hosts 1 --vms 2 --running 1 --fault "rename:1:vm001:web 1"
ln -s "$BIN/vifcap" "$XDG_CONFIG_HOME/wireshark/extcap/vifcap"
tshark -D 2>/dev/null | sed -n 's/^[0-9]*\. \(vifcap.*\) on .*/\1/p'
domid=$(vifcap --list --format tsv --fields domid)
guest a
nic a "vif$domid.0" 7
up "vif$domid.0" 7
tshark -i 'vifcap:web 1:0' -f 'udp port 9' -c 5 -w cap.pcapng >out 2>err &
tshark=$!
while kill -0 $tshark 2>/dev/null; do
    datagrams 7 1
    sleep 0.1
done
wait $tshark || cat err
tshark -r cap.pcapng -Y udp -T fields -e udp.dstport 2>/dev/null
# Two rows tell about the capture. tshark has gone, so has everything else.
gone() { ! pgrep -x vifcap >/dev/null && ! pgrep -x tcpdump >/dev/null; }
wait_for 20 gone
