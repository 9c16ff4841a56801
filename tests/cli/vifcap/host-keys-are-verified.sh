#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
with_sshd h1
capture() { status vifcap --ssh-config ssh_config --ssh-host h1 --interface vif7.0 -w x.pcapng 2>err; sed -E "s/SHA256:[A-Za-z0-9+\/]+/PRINT/; s/:[0-9]+(:|\]|')/:PORT\1/g" err; ls x.pcapng* 2>/dev/null || true; }
mv known_hosts good
capture
mv good known_hosts
ssh-keygen -q -t ed25519 -N '' -f other
sed -i "s|AAAA.*|$(cut -d' ' -f2 other.pub)|" known_hosts
capture
