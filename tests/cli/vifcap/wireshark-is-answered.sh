#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The sentences of the extcap protocol. A pool that cannot be reached is no reason for Wireshark to wait or to fail.
. "$LIB"
vifcap --extcap-interface vifcap:web1:0 --extcap-dlts
vifcap --extcap-interface vifcap:web1:0 --extcap-config --extcap-version=4.0
vifcap --extcap-interface vifcap:web1:0 --extcap-capture-filter 'udp port 9'
vifcap --extcap-interface vifcap:web1:0 --extcap-capture-filter 'udp port fifty'
status vifcap --extcap-interfaces --extcap-version=4.0 2>err | sed 's/version=[0-9.]*/version=N/'
cat err
printf 'secret\n' >password
chmod 600 password
status vifcap --host 127.0.0.1:1 --password-file password --extcap-interfaces 2>err | sed 's/version=[0-9.]*/version=N/'
grep -c '127.0.0.1' err
status vifcap --extcap-interface web1 --capture --fifo x
status vifcap --extcap-interface vifcap:web1 --capture
