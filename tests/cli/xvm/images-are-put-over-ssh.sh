#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# timeout: 90
# An image goes to the folder of the SR on a host, complete under its name or not at all; one that is there is only
# replaced when that is asked for and no VM has it in its drive.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires sshd ssh-keygen
with_xapi --vms 2 --hosts 1
with_sshd lab
mkdir -p "$HOME/.ssh" "$XDG_CONFIG_HOME/xenlab" "iso folder/sub"
cp ssh_config "$HOME/.ssh/config"
cat >"$XDG_CONFIG_HOME/xenlab/config" <<END
[context.lab]
host = "$XENLAB_HOST"
password-file = "$XENLAB_PASSWORD_FILE"
[context.lab.ssh]
host1 = "lab"
END
unset XENLAB_HOST XENLAB_PASSWORD_FILE
row=(--fields "status,name,message")
in_words() { sed -E "s/[0-9a-f]{8}-[0-9a-f-]{27}/UUID/; s/$(id -un)@127.0.0.1:[0-9]+/HOST/; s#$PWD#DIR#"; }
put() { # ARGUMENT...
    local code=0
    xvm iso put "$@" "${row[@]}" >out 2>&1 || code=$?
    in_words <out
    echo "exit $code"
}
pbd=$(xapi_py <<<'print(call("PBD.get_uuid", call("SR.get_PBDs", one("SR", "ISO library"))[0]))')
set_field "[\"PBD\",\"$pbd\",\"device_config\",{\"location\":\"$PWD/iso folder\",\"legacy_mode\":\"true\",\"iso_path\":\"/sub\"}]"
head -c 3000000 /dev/urandom >"it's new.iso"
echo text >readme.txt
xapi_changes >/dev/null
put "it's new.iso" 'ISO library' --dry-run
put readme.txt 'ISO library'
put readme.txt 'ISO library' --name ../x.iso
put nosuch.iso 'ISO library'
put "it's new.iso" 'shared storage'
put "it's new.iso" 'ISO library' --name debian-12.iso
nothing_changed
ls -A "iso folder/sub"
echo "-- it goes"
xapi_do iso "it's new.iso"
put "it's new.iso" 'ISO library'
cmp "it's new.iso" "iso folder/sub/it's new.iso"
xapi_changes
ls -A "iso folder/sub"
echo "-- another in its place, from a pipe"
xvm iso insert "it's new.iso" vm001 --fields status
put - 'ISO library' --name "it's new.iso" --replace
xvm start vm001 --fields status
put - 'ISO library' --name "it's new.iso" --replace
xvm stop vm001 --kill --grace 1s --fields status
echo small | put - 'ISO library' --name "it's new.iso" --replace
cat "iso folder/sub/it's new.iso"
echo "-- what does not go leaves nothing"
put "it's new.iso" 'ISO library' --name unseen.iso
set_field "[\"PBD\",\"$pbd\",\"device_config\",{\"location\":\"$PWD/gone\",\"legacy_mode\":\"true\"}]"
put "it's new.iso" 'ISO library' --name two.iso
set_field "[\"PBD\",\"$pbd\",\"currently_attached\",false]"
put "it's new.iso" 'ISO library' --name two.iso
ls -A "iso folder/sub"
