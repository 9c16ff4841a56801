#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 120
# What the host's administrator had set is what he finds again, also after Ctrl-C and after a failure.
. "$LIB"
own_network
requires tcpdump tshark jq
with_sshd h1
sed -i 's/^Host h1$/& 127.0.0.1/' ssh_config
with_xapi --hosts 1 --vms 1 --running 1 --ssh-api
host=$(vifcap --list --format tsv --fields host)
ssh_state() {
    echo "$(xapi_call host.get_ssh_enabled "host $host") $(xapi_call host.get_ssh_enabled_timeout "host $host") $(xapi_call host.get_ssh_auto_mode "host $host")"
}
xapi_call host.disable_ssh "host $host" >/dev/null
xapi_call host.set_ssh_enabled_timeout "host $host" 7200 >/dev/null
xapi_call host.set_ssh_auto_mode "host $host" true >/dev/null
ssh_state
status vifcap --ssh-config ssh_config vm001 -w x.pcapng 2>refused
sed -E "s/$host/HOST/; s/[0-9a-f-]{36}/UUID/" refused
domid=$(vifcap --list --format tsv --fields domid)
guest a
nic a "vif$domid.0" 7
up "vif$domid.0" 7
vifcap -v --ssh-config ssh_config --enable-ssh 10m vm001 -w cap.pcapng -- udp port 9 2>err &
vifcap=$!
wait_for 30 grep -qs 'is captured' err
ssh_state
kill $vifcap
wait $vifcap
ssh_state
: >known_hosts # nobody can log in
status vifcap --ssh-config ssh_config --enable-ssh 10m vm001 -w x.pcapng 2>/dev/null
ssh_state
