# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Ends the job of this server; its clients (ADDRESS...) boot from their own disks again.
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/share/drbl/sbin:/usr/share/drbl/bin
export PATH
umask 022
state=/var/lib/xenlab-drbl
pxe=/tftpboot/nbi_img/pxelinux.cfg
grub=/tftpboot/nbi_img/grub
mkdir -p "$state" /var/log/clonezilla
exec 9>>/run/lock/xenlab-drbl.lock
flock -w 60 9 || exit 75
exec </dev/null
code=0
# With -h only those clients' menus are touched; the daemons end in any case.
if [ $# -gt 0 ]; then
    drbl-ocs -b -nogui -l en_US.UTF-8 -h "$*" stop >>/var/log/xenlab-drbl.log 2>&1 9>&- || code=$?
else
    drbl-ocs -b -nogui -l en_US.UTF-8 stop >>/var/log/xenlab-drbl.log 2>&1 9>&- || code=$?
fi
[ ! -e "$state/job" ] || echo stopped >"$state/status"
# Setting a default takes DRBL a second, and most clients have theirs already.
boots_locally() { # FILE of PXELINUX
    [ "$(awk 'tolower($1) == "label" { label = $2 } tolower($1 " " $2) == "menu default" { chosen = label } END { print chosen }' "$1")" = local ]
}
boots_locally_efi() { # FILE of GRUB
    grep -q '^set default="\{0,1\}local-disk"\{0,1\} *$' "$1"
}
for address; do
    # shellcheck disable=SC2046 # four words are meant
    hex=$(printf '%02X' $(echo "$address" | tr . ' '))
    mac=
    [ ! -e "$state/job" ] || mac=$(sed -n "s/^client=$address \\([0-9a-f:]*\\).*/\\1/p" "$state/job")
    for file in "$pxe/$hex" ${mac:+"$pxe/01-$(echo "$mac" | tr : -)"}; do
        [ ! -f "$file" ] || boots_locally "$file" || set-default-pxe-img -i local -c "$file" >/dev/null 2>&1 || code=1
    done
    for file in "$grub/grub.cfg-drbl-$address" ${mac:+"$grub/grub.cfg-drbl-$mac"}; do
        [ ! -f "$file" ] || boots_locally_efi "$file" || set-default-grub-efi-img -i local-disk -c "$file" >/dev/null 2>&1 || code=1
    done
done
exit $code
