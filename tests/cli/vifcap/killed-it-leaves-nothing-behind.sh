#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 90
# No packet ever passes, so nothing but the lifeline can end tcpdump.
. "$LIB"
own_network
requires tcpdump
with_sshd h1
guest a
nic a vif7.0 7
up vif7.0 7
ours() { pgrep -f 'tcpdump -i vif7.0 -n' >/dev/null; }
none_left() { ! ours && ! pgrep -f 'interval=' >/dev/null; }
vifcap -v --ssh-config ssh_config --ssh-host h1 --interface vif7.0 -w - -- udp port 9 2>err >/dev/null &
vifcap=$!
wait_for 20 grep -qs 'is captured' err
ours || echo 'it does not run'
{ kill -9 $vifcap; wait $vifcap; } 2>/dev/null || true
wait_for 8 none_left
# And what a killed shell leaves, --reap ends.
XENLAB_VIFCAP=desk:1 setsid tcpdump -i vif7.0 -n -w /dev/null 2>/dev/null &
wait_for 8 ours
vifcap --ssh-config ssh_config --ssh-host h1 --reap | cut -f1,3
wait_for 8 none_left
