# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Checks an image on the server: NAME. Exit status 0 good, 1 damaged, 3 not there.
set -u
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/share/drbl/sbin:/usr/share/drbl/bin
export PATH
root=$(sed -n 's/^ocsroot="\(.*\)"$/\1/p' /etc/drbl/drbl.conf | tail -n 1)
folder=${root:-/home/partimag}/$1
[ -d "$folder" ] && [ ! -L "$folder" ] || exit 3
code=0
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
# Its words contradict each other ("CRC error", then "restorable"): the exit status counts, and so do some words.
ocs-chkimg -b -nogui "$1" </dev/null >"$log" 2>&1 || code=1
! grep -qiE 'crc error|not restorable|is broken' "$log" || code=1
for list in MD5SUMS:md5sum SHA1SUMS:sha1sum B2SUMS:b2sum; do
    [ -f "$folder/${list%:*}" ] || continue
    (cd "$folder" && LC_ALL=C "${list#*:}" --quiet -c "${list%:*}") </dev/null >>"$log" 2>&1 || code=1
done
[ $code -eq 0 ] || grep -aiE 'crc error|fail|broken|not restorable|error' "$log" | tail -n 20
exit $code
