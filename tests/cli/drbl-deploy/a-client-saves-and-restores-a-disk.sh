#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# labels: full
# timeout: 420
# The real ocs-sr with what the server tells its client, in a network and a root of the client's own: a disk (a loop device)
# is saved, wiped and restored. The client's own reports end the jobs.
# shellcheck disable=SC2046,SC2153,SC2154
. "$LIB"
. "$ROOT/tests/tools/drbl/server.sh"
drbl_namespace "$@"
requires jq sfdisk sgdisk parted partprobe partx losetup mke2fs debugfs
drbl_server >/dev/null
drbl_client
nodes() { # what udev does on a client
    local part node major minor
    for part in "/sys/block/$disk" "/sys/block/$disk/$disk"p*; do
        { IFS=: read -r major minor <"$part/dev"; } 2>/dev/null || continue
        node=client/dev/${part##*/}
        [[ -b $node && $(stat -c %t:%T "$node") == "$(printf %x:%x "$major" "$minor")" ]] && continue
        rm -f "$node"
        mknod "$node" b "$major" "$minor"
    done
}
truncate -s 80M disk.img
# GPT: its partitions are told to the kernel, which need not know tables then.
echo '2048,65536,L' | sfdisk -q --label gpt disk.img
disk=$(losetup -f --show -P disk.img) || skip "may not make loop devices here"
exec 7<"$disk"
losetup -d "$disk" # goes away with the last who has it open
partprobe "$disk"
disk=${disk#/dev/}
nodes
while sleep 0.2; do nodes; done 7<&- &
mke2fs -q -t ext4 -F "client/dev/${disk}p1"
echo 'the quick brown fox' >text
debugfs -w -R 'write text text' "client/dev/${disk}p1" >/dev/null 2>&1
for verb in save restore; do
    echo "== $verb"
    drbl-deploy "$verb" new --disk "$disk" --hosts pc1 --run -y -s >/dev/null
    [[ $verb == save ]] || { partx -d "/dev/$disk"; head -c 80M /dev/zero >"client/dev/$disk"; }
    on_client ocs-sr $(cat server/tftpboot/nodes/192.168.100.1/etc/ocs/ocs-run.param) >"$verb.log" 2>&1 7<&- || { echo "exit $?"; tail -n 30 "$verb.log"; }
    drbl-deploy status --wait --timeout 60s -s | cut -f1,2
done
echo "== as it was"
drbl-deploy images info new --json | jq -c --arg disk "$disk" '.items[0]|.complete, (.disks|map(.name == $disk)), .partitions[0].fs'
debugfs -R 'cat text' "client/dev/${disk}p1" 2>/dev/null
cat client/tmp/rebooted
