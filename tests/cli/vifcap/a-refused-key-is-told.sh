#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
with_sshd h1
ssh-keygen -q -t ed25519 -N '' -f other
cp other.pub h1/authorized_keys
status vifcap --ssh-config ssh_config --ssh-host h1 --interface vif7.0 -w x.pcapng 2>err
sed -E 's/:[0-9]+:/:PORT:/' err
ls x.pcapng* 2>/dev/null || true
