#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# labels: full
# timeout: 120
# shellcheck disable=SC2153
. "$LIB"
. "$ROOT/tests/tools/drbl/server.sh"
drbl_namespace "$@"
drbl_server >/dev/null
drbl-deploy clients ls
drbl-deploy clients ls @room2 -q --fields mac
drbl-deploy doctor | cut -f1,2 || true
drbl-deploy doctor >/dev/null || echo "exit $?"
# A magic packet on the wire: six times ff, then sixteen times the address.
requires tcpdump
tcpdump -i inside -c 1 -w wake.pcap 'udp port 9' 2>/dev/null &
sleep 1
drbl-deploy wake pc3
wait %% 2>/dev/null || wait
tr -d '\n' <wake.pcap | xxd -p | tr -d '\n' | grep -q 'ffffffffffff\(525400000003\)\{16\}' || echo "BAD: no magic packet"
