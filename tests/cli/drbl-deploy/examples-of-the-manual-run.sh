#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# labels: full
# timeout: 300
# Every example of --help, against a real server with the machines and images that they name.
# shellcheck disable=SC2153
. "$LIB"
. "$ROOT/tests/tools/drbl/server.sh"
drbl_namespace "$@"
requires jq
drbl_server >/dev/null
for name in win10-gold nightly-1; do cp -a server/home/partimag/gold "server/home/partimag/$name"; done
for n in $(seq 5 24); do
    printf 'host lab%d {\n  hardware ethernet 52:54:00:01:00:%02x;\n  fixed-address 10.0.0.%d;\n}\n' "$n" "$n" "$n"
done >>server/etc/dhcp/dhcpd.conf
seq -f '10.0.0.%g' 5 24 >server/etc/drbl/IP-grp-room1
sed -i 's/^Host drbl$/Host drbl drbl.lab/' "$HOME/.ssh/config"
sysctl -q -w net.ipv4.ip_forward=1
ip addr add 192.168.1.50/32 dev lo
(
    while sleep 1; do # the machines boot and report
        [[ $(cat server/var/lib/xenlab-drbl/status 2>/dev/null) == "exit 0" ]] || continue
        for n in $(seq 5 24); do
            on_server ocs-socket -m "10.0.0.$n 52:54:00:01:00:$(printf %02x "$n") x 1 y Restored, success" -h 127.0.0.1 -p 6461 >/dev/null 2>&1
        done
        break
    done
) &
examples_of drbl-deploy >examples
(($(wc -l <examples) >= 15)) || echo "BAD: few examples"
while read -r line; do
    grep -qF -- "$(sed 's/\\/\\e/g; s/-/\\-/g' <<<"$line")" "$ROOT/man/drbl-deploy.1" || echo "BAD: not in the page: $line"
    code=0
    bash -c "$line" >out 2>err </dev/null || code=$?
    [[ $code == 0 || $line == *doctor* ]] && continue
    echo "BAD: exit $code: $line"
    cat err
done <examples
