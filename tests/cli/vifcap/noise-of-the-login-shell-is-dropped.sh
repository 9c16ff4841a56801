#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a login shell says on both streams, before the command begins.
. "$LIB"
own_network
with_nic
printf 'echo noise; echo more noise >&2; printf "no end of line"\n' >h1/home/.bashrc
cp h1/home/.bashrc h1/home/.bash_profile
[ "$(ssh -F ssh_config h1 true 2>/dev/null | wc -l)" = 1 ] || skip "this shell reads no .bashrc under sshd"
capture --interface vif7.0 --count 2 -w cap.pcapng -- udp port 9
datagrams 7 2
wait "$CAPTURE"
tshark -r cap.pcapng -Y udp 2>/dev/null | wc -l
# A login that runs no command.
printf 'echo "This account is for people."; exit 1\n' >h1/home/.bashrc
status vifcap --ssh-config ssh_config --ssh-host h1 --interface vif7.0 -w x.pcapng 2>err
sed -E 's/:[0-9]+:/:PORT:/' err
