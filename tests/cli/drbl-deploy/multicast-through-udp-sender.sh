#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# labels: full
# timeout: 300
# The real udp-sender feeds a real udp-receiver in another network namespace; the progress is the sender's.
# shellcheck disable=SC2153,SC2154
. "$LIB"
. "$ROOT/tests/tools/drbl/server.sh"
drbl_namespace "$@"
requires jq python3 ss
drbl_server >/dev/null
drbl-deploy multicast gold --disk sda --hosts pc1 --clients 1 --max-wait 20s --interface eth1 --no-check --run -y -s >/dev/null
drbl-deploy status --json 2>/dev/null | jq -c '.job.phase, .job.sending, .job.total > 3000000'
pgrep -af udp-sender | grep -o -- '--min-clients 1 --max-wait 20 --interface eth1' | head -n 1
guest pc1
client=$guest_pc1
ip link set inside netns "$client"
nsenter -t "$client" -n ip link set lo up
nsenter -t "$client" -n ip addr add 192.168.100.1/24 dev inside
nsenter -t "$client" -n ip link set inside up
# What its NFS connection carried is known of each client; two sockets play nfsd and the client, the kernel counts.
python3 -c 'import socket
server = socket.create_server(("192.168.100.254", 2049))
print("ready", flush=True)
connection, _ = server.accept()
connection.sendall(bytes(100000))
connection.recv(1)' >nfsd &
wait_for 30 test -s nfsd
nsenter -t "$client" -n python3 -c 'import socket
connection = socket.create_connection(("192.168.100.254", 2049))
left = 100000
while left: left -= len(connection.recv(left))
print("read", flush=True)
connection.recv(1)' >nfs &
wait_for 30 test -s nfs
drbl-deploy status --json -s | jq -c '.items[0]|.state, (.bytes >= 100000)'
nsenter -t "$client" -n timeout 60 "$drbl_packages/usr/bin/udp-receiver" --interface inside --nokbd --portbase 2232 --mcast-rdv-address 224.0.0.1 --file received >/dev/null 2>&1
cmp received server/home/partimag/gold/sda1.ext4-ptcl-img.gz.aa
client_done 1
drbl-deploy status --wait --timeout 30s 2>/dev/null | cut -f1,2
kill "$client"
