# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Starts a Clonezilla job in the background: RECORD SEEN COMMAND (include/xenlab/drbl/scripts.hpp).
set -eu
record=$1 seen=$2 command=$3
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/share/drbl/sbin:/usr/share/drbl/bin
export PATH
umask 022
state=/var/lib/xenlab-drbl
mkdir -p "$state" /var/log/clonezilla
exec 9>>/run/lock/xenlab-drbl.lock
flock -n 9 || exit 75
there=
[ ! -e "$state/job" ] || there=$(sed -n 's/^id=//p' "$state/job")
[ "$there" = "$seen" ] || exit 76
printf '%s\n' "$record" >"$state/job.new"
echo starting >"$state/status"
mv "$state/job.new" "$state/job"
: >/var/log/xenlab-drbl.log
# A session of its own, so that the job outlives our connection. It holds the lock until drbl-ocs has
# returned; what drbl-ocs leaves behind must not.
# shellcheck disable=SC2016 # expanded there
setsid sh -c '
    code=0
    sh -c "$1" </dev/null >/dev/null 2>&1 9>&- || code=$?
    echo "exit $code" >"$2/status.new"
    mv "$2/status.new" "$2/status"' sh "$command" "$state" </dev/null >/dev/null 2>&1 &
