#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The password of a share comes from a file or a descriptor, never from the command line; it goes into a secret of
# xapi, which is destroyed again when the share cannot be mounted, and it is shown nowhere.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
with_xapi --vms 0
row=(--fields "status,name,message")
(umask 077 && echo 'hunter2&<x>' >pw)
secrets() { xapi_py <<<'print(sorted(s["value"] for s in call("secret.get_all_records").values()))'; }
status xvm sr create iso-cifs //srv1/isos --storage-user bob "${row[@]}" # nobody to ask
status xvm sr create iso-cifs //srv1/isos --secret-file pw "${row[@]}"
status xvm sr create iso-cifs smb://bob:hunter2@srv1/isos "${row[@]}"
chmod 644 pw
status xvm sr create iso-cifs //srv1/isos --storage-user bob --secret-file pw "${row[@]}"
chmod 600 pw
xvm sr create iso-cifs //srv1/isos --storage-user bob --secret-file pw --dry-run "${row[@]}"
nothing_changed
xapi_do 'fault SR.create:1:SR_BACKEND_FAILURE_222,,could not mount,'
status xvm sr create iso-cifs //srv1/isos --storage-user bob --secret-file pw "${row[@]}"
secrets
xvm sr create iso-cifs //srv1/isos --storage-user bob --secret-file pw -vv "${row[@]}" 2>err
! grep hunter2 err || echo BAD
secrets
exec 7<pw
xvm sr create smb '//srv1/vms' --storage-user 'LAB\bob' --secret-fd 7 "${row[@]}"
xapi_py <<'END'
for pbd in sorted(call("PBD.get_all_records").values(), key=lambda p: sorted(p["device_config"])):
    if any("secret" in key for key in pbd["device_config"]):
        print(sorted(pbd["device_config"]))
END
