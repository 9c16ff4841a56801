#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# labels: full
# timeout: 300
# The real drbl-ocs and ocsmgrd: plan, run, read back, wait, a second operator, stop.
# shellcheck disable=SC2153,SC2016
. "$LIB"
. "$ROOT/tests/tools/drbl/server.sh"
drbl_namespace "$@"
requires jq
drbl_server >/dev/null
export XENLAB_FORMAT=tsv
echo "== plan"
drbl-deploy restore gold --disk sda --hosts pc1,52:54:00:00:00:02 --target-size 40M --format table
drbl-deploy restore gold --disk sda --hosts @room1 --target-size 10M --run -y || echo "exit $?"
drbl-deploy restore golf --disk sda --hosts pc1 || echo "exit $?"
drbl-deploy restore gold --disk sda --hosts pc1,pc9 || echo "exit $?"
drbl-deploy restore gold --disk sda --hosts pc1 --run </dev/null || echo "exit $?"
drbl-deploy save gold --disk sda --hosts pc1 --run -y || echo "exit $?"
echo "== run"
drbl-deploy restore gold --disk sda --hosts pc1,pc2 --run -y
grep -o 'restoredisk gold sda' server/tftpboot/nodes/192.168.100.2/etc/ocs/ocs-run.param
echo "== another operator"
drbl-deploy restore gold --disk sda --hosts pc3 --run -y || echo "exit $?"
drbl-deploy images rename gold silver || echo "exit $?"
echo "== a client reports, one never boots"
client_done 1
drbl-deploy status --json 2>/dev/null | jq -c '.job.phase, [.items[].state]'
drbl-deploy status --wait --timeout 3s 2>/dev/null || echo "exit $?"
echo "== a partition fails"
client_done 2 'Restored gold, /dev/sda1, ***FAIL***'
drbl-deploy status --wait --timeout 30s --stop 2>/dev/null | cut -f1,2,6 || true
drbl-deploy status --wait >/dev/null 2>&1 || echo "exit $?"
[[ ! -e server/run/lock/clonezilla/clonezilla.lock ]] || echo "BAD: still locked"
boots() { # N: by PXELINUX, and by GRUB over UEFI
    on_server perl -ne '$l = $1 if /^\s*label\s+(\S+)/i; print "boots $l\n" if /^\s*MENU DEFAULT/i' "/tftpboot/nbi_img/pxelinux.cfg/C0A8640$1"
    cat server/tftpboot/nbi_img/grub/grub.cfg-drbl-{"52:54:00:00:00:0$1","192.168.100.$1"} 2>/dev/null | grep -m 1 '^set default' || true
}
boots 2
echo "== the next job, and stop"
drbl-deploy restore gold --parts sda1 --hosts pc3 --no-check --run --yes -s
drbl-deploy stop </dev/null || echo "exit $?"
echo "== a job in its place, by force: the client of the first does not boot into it"
boots 3
drbl-deploy restore gold --disk sda --hosts pc4 --no-check --run --yes -s --force
boots 3
boots 4
drbl-deploy stop --yes
drbl-deploy stop --yes
drbl-deploy status --json 2>/dev/null | jq -r .job.phase
