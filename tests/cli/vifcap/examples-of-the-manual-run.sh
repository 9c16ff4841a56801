#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 120
# Every example works on the simulated pool. Captures have no end of their own: they are told to end after a while.
. "$LIB"
own_network
requires tcpdump tshark
with_sshd h1
sed -i 's/^Host h1$/& 127.0.0.1 127.0.0.2 127.0.0.3 xen1/' ssh_config
mkdir -p "$HOME/.ssh"
cp ssh_config "$HOME/.ssh/config"
with_xapi --vms 2 --running 2 --fault rename:1:vm001:web1 --fault rename:1:vm002:db1
vifcap --list >/dev/null
guest a
n=20
for domid in $(vifcap --list --format tsv --fields domid) 7; do
    nic a "vif$domid.0" $((++n))
    up "vif$domid.0" "$n"
    while :; do
        python3 -c "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('10.$n.0.2', 53))"
        sleep 0.1
    done &
done
examples_of vifcap >examples
while read -r line; do
    (sleep 4; pkill -TERM -x vifcap || true) &
    bash -c "$line" >out 2>err </dev/null || { echo "BAD: exit $?: $line"; cat err; }
    [[ -s out || $line == *" -w "* ]] || echo "BAD: no output: $line"
    wait $!
done <examples
for file in web1.pcapng boot.pcapng db1.00001.pcapng; do
    [ "$(tshark -r $file -Y dns.id -c 2 2>/dev/null | wc -l)" = 2 ] || [ -s $file ] || echo "BAD: $file"
done
