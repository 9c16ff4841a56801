# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# rename FROM TO | remove NAME...: images on the server. Exit status 3 not there, 6 in use or in the way.
set -u
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
verb=$1
shift
root=$(sed -n 's/^ocsroot="\(.*\)"$/\1/p' /etc/drbl/drbl.conf | tail -n 1)
cd "${root:-/home/partimag}" || exit 3
state=/var/lib/xenlab-drbl
mkdir -p "$state"
exec 9>>/run/lock/xenlab-drbl.lock
flock -n 9 || exit 75
in_use() { # an image that the job at hand reads or writes
    [ -e /var/lock/clonezilla/clonezilla.lock ] && [ -e "$state/job" ] && grep -qxF "image=$1" "$state/job"
}
case $verb in
rename)
    [ -d "./$1" ] && [ ! -L "./$1" ] || exit 3
    [ ! -e "./$2" ] && [ ! -L "./$2" ] && ! in_use "$1" || exit 6
    mv -T -- "./$1" "./$2"
    ;;
remove)
    for name; do
        [ -d "./$name" ] && [ ! -L "./$name" ] || exit 3
        ! in_use "$name" || exit 6
    done
    for name; do
        # Out of sight first: an image half removed must not look like one.
        mv -T -- "./$name" "./.xenlab-removed-$name" && rm -rf -- "./.xenlab-removed-$name" || exit 1
    done
    ;;
esac
