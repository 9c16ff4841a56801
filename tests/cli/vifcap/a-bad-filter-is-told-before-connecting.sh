#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
status vifcap --ssh-host 192.0.2.1 --interface vif7.0 -w x.pcapng -- port fifty
status vifcap --ssh-host 192.0.2.1 --interface 'vif7.0;id' -w x.pcapng
status vifcap --ssh-host 192.0.2.1 -w x.pcapng
status vifcap --ssh-host '-oProxyCommand=id' --domid 1 -w x.pcapng
