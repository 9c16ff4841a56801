#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Each kind of SR from a URL: a dry run changes nothing, a second run finds it there, what formats asks first.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires jq
with_xapi --vms 1
row=(--fields "status,name,message")
make() { # ARGUMENT...
    xvm sr create "$@" --dry-run "${row[@]}"
    nothing_changed
    xvm sr create "$@" "${row[@]}"
    xapi_changes
    xvm sr create "$@" "${row[@]}"
}
make nfs 10.20.30.40:/srv/more --name more --nfs-version 4.1
make iso-nfs nfs://10.20.30.40/srv/isos
make iso-cifs //srv1/isos/win
make smb smb://srv1/vms
make iscsi iscsi://srv2/iqn.2026-11.lab:a/3600a -y
make ext /dev/sdb --on host2 -y
make lvm /dev/sdc --on host1 -y
xapi_py <<'END'
for ref, pbd in sorted(call("PBD.get_all_records").items(), key=lambda i: str(i[1]["device_config"])):
    print(call("SR.get_type", pbd["SR"]), call("SR.get_content_type", pbd["SR"]), pbd["device_config"])
END
status xvm sr create ext /dev/sdd --on host1 "${row[@]}"
status xvm sr create ext /dev/sdd "${row[@]}"
status xvm sr create nfs nowhere
status xvm sr create zfs /dev/sdb
status xvm sr create nfs a:/b --smb-version 3.0
nothing_changed
