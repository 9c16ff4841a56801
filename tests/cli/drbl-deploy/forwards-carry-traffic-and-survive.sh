#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# labels: full
# timeout: 200
# Real iptables and a real connection, from outside through the server to a client; drbl-nat-rules wipes everything.
# shellcheck disable=SC2046,SC2153,SC2154
. "$LIB"
. "$ROOT/tests/tools/drbl/server.sh"
drbl_namespace "$@"
requires jq python3 systemd-analyze systemctl
drbl_server >/dev/null
guest pc1
guest visitor
client=$guest_pc1 visitor=$guest_visitor
ip link set inside netns "$client"
ip link set outside netns "$visitor"
for side in "$client inside 192.168.100.1" "$visitor outside 203.0.113.9"; do
    read -r pid interface address <<<"$side"
    nsenter -t "$pid" -n ip addr add "$address/24" dev "$interface"
    nsenter -t "$pid" -n ip link set "$interface" up
    nsenter -t "$pid" -n ip link set lo up
done
mkdir www; echo hello >www/index.html
nsenter -t "$client" -n python3 -m http.server -d www 80 >/dev/null 2>&1 &
wait_for 30 nsenter -t "$client" -n curl -s -o own http://127.0.0.1/
visit() { nsenter -t "$visitor" -n curl -s --max-time 3 http://203.0.113.1:8080/ || echo "no answer"; }
sysctl -q -w net.ipv4.ip_forward=0
status drbl-deploy forward add 8080:192.168.100.1:80 --interface eth0 --masquerade
status drbl-deploy forward add 8080:192.168.100.1:80 --interface eth0 --masquerade --enable-ip-forward
visit
status drbl-deploy forward add 8080:192.168.100.1:80 --interface eth0 --masquerade
iptables -t nat -S | grep -c xenlab:tcp-8080
status drbl-deploy forward add 8080:192.168.100.2:80
status drbl-deploy forward add 2222:192.168.100.1:22 --temporary
drbl-deploy forward ls
echo "== drbl-nat-rules"
units=server/etc/systemd/system
setting() { sed -n "s/^$1=//p" "$units/xenlab-drbl-forwards.$2"; } # KEY UNIT
rm -f "server$(setting PathChanged path)"
# It flushes what /proc/net/ip_tables_names lists, which is nothing with nf_tables: the flush is made sure of.
on_server drbl-nat-rules generate >/dev/null 2>&1
[[ -s server$(setting PathChanged path) ]] || echo "BAD: the path unit watches what drbl-nat-rules does not write"
iptables -t nat -F
visit
drbl-deploy forward ls
replay() { on_server $(setting ExecStart service); }
replay
replay
visit
iptables -t nat -S | grep -c xenlab:tcp-8080
drbl-deploy forward ls -q
echo "== units"
for wanted in "$units"/*.wants/*; do echo "${wanted#"$units/"} $(readlink "$wanted")"; done
on_server systemctl is-enabled xenlab-drbl-forwards.service xenlab-drbl-forwards.path
# DRBL's own service, where drblpush puts it: ours comes after it and with it.
cp "$drbl_packages/usr/share/drbl/setup/files/misc/systemd/drbl-clients-nat.service" "$units"
install -D "$drbl_packages/usr/share/drbl/setup/files/misc/drbl-clients-nat" server/etc/init.d/drbl-clients-nat
verify() { status on_server systemd-analyze verify "$@" 2>err; }
verify /etc/systemd/system/xenlab-drbl-forwards.{service,path}
! grep xenlab err || true
sed 's|^ExecStart=|&/nowhere|' "$units/xenlab-drbl-forwards.service" >"$units/broken.service"
verify /etc/systemd/system/broken.service
rm "$units/broken.service"
echo "== reboot"
# Everything of the kernel is gone; then what the units say is done, in their order.
on_server drbl-nat-rules generate >/dev/null 2>&1
grep -c xenlab:tcp-8080 "server$(setting PathChanged path)"
drbl-deploy forward add 9999:192.168.100.1:99 -s 2>/dev/null
on_server drbl-nat-rules generate >/dev/null 2>&1
drbl-deploy forward rm 9999
guest fresh
fresh=$guest_fresh
booted() { nsenter -t "$fresh" -n "$@"; }
booted sysctl -q -w net.ipv4.ip_forward=0
booted chroot server /etc/init.d/drbl-clients-nat start >/dev/null
booted iptables -t nat -S | grep -c xenlab:tcp-9999
booted chroot server $(setting ExecStart service)
booted iptables -t nat -S | grep xenlab
booted sysctl -n net.ipv4.ip_forward
kill "$fresh"
echo "== save and rm"
drbl-deploy forward add 2222:192.168.100.1:22 --temporary -s
drbl-deploy forward save
cat server/etc/xenlab/drbl-forwards
status drbl-deploy forward rm 8080
visit
status drbl-deploy forward rm 8080
drbl-deploy forward ls --json | jq -c '.items[]|[.listen,.client,.active,.saved]'
kill "$client" "$visitor"
