#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Storage that holds an SR is not formatted; it can be taken with its disks instead. A host that cannot attach a new SR
# is named.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
with_xapi --vms 0
row=(--fields "status,name,message")
there=11111111-2222-3333-4444-555555555555
xapi_do "probe <?xml version='1.0'?><SRlist><SR><UUID>$there</UUID><Devlist>x</Devlist></SR></SRlist>"
url=iscsi://srv2/iqn.2026-11.lab:a/3600a
status xvm sr create iscsi $url -y "${row[@]}"
status xvm sr create iscsi $url --reattach 99999999-2222-3333-4444-555555555555 "${row[@]}"
nothing_changed
xvm sr create iscsi $url --reattach $there --name old "${row[@]}"
xapi_changes
xvm sr ls old --fields name,type,attached,uuid
xapi_do probe
xapi_do 'fault PBD.plug.on-create:1:X'
xapi_do 'fault PBD.plug:1:SR_BACKEND_FAILURE_73,,mount.nfs: access denied,'
status xvm sr create nfs srv1:/srv/vm "${row[@]}"
xvm sr ls 'nfs*' --fields name,attached
