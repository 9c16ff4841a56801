#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 120
. "$LIB"
own_network
requires tcpdump tshark jq
with_sshd h1
sed -i 's/^Host h1$/& 127.0.0.1/' ssh_config
with_xapi --hosts 1 --vms 3 --running 3 --fault rename:1:vm001:web1 --fault rename:1:vm002:web2
vifcap --list >/dev/null # the first call renames
guest a
n=20
while read -r vm domid; do
    nic a "vif$domid.0" $((++n))
    up "vif$domid.0" "$n"
    eval "net_$vm=$n"
done < <(vifcap --list --format tsv --fields vm,domid)
vifcap -v --ssh-config ssh_config 'web*' --duration 30s -w cap.pcapng --json -- udp port 9 >out.json 2>err &
vifcap=$!
for vm in web1 web2; do wait_for 30 grep -qs "$vm:0: .* is captured" err; done
# shellcheck disable=SC2154  # set by eval
{
    datagrams "$net_web1" 1
    datagrams "$net_web2" 2
    datagrams "$net_vm003" 4
}
sleep 0.3
kill $vifcap
wait $vifcap
jq -c '[.packets, (.epochs|map([.nic, .packets])|sort)]' out.json
tshark -r cap.pcapng -Y udp -T fields -e frame.interface_description 2>/dev/null | sed -E 's/domid [0-9]+ on .*/domid N/' | sort | uniq -c
