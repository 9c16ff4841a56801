#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# labels: full
# timeout: 200
# Real images: listed, checked by the real ocs-chkimg, damaged, cut short, renamed, pruned. Hostile names stay where they are.
# shellcheck disable=SC2153
. "$LIB"
. "$ROOT/tests/tools/drbl/server.sh"
drbl_namespace "$@"
requires jq
drbl_server >/dev/null
images=server/home/partimag
for name in gold-1 gold-2 gold-3 bad half; do cp -a "$images/gold" "$images/$name"; done
touch -d '2020-01-01' "$images"/gold-1/*
printf x | dd of="$images/bad/sda1.ext4-ptcl-img.gz.aa" bs=1 seek=100000 conv=notrunc 2>/dev/null
rm "$images/half/clonezilla-img"
mkdir "$images/x@{[\`touch PWNED\`]}" "$images/.hidden"
cp "$images/gold/disk" "$images/x@{[\`touch PWNED\`]}"
ln -s /etc "$images/link"
drbl-deploy images ls --fields name,kind,disks,complete
drbl-deploy images info gold --json | jq -c '.items[0]|.partitions,.disks,.checksums'
drbl-deploy images verify gold bad half --json | jq -r '.items[]|"\(.name) \(.ok)"' || true
drbl-deploy images verify bad >/dev/null || echo "exit $?"
drbl-deploy restore half --disk sda --hosts pc1 --run -y || echo "exit $?"
drbl-deploy images rename gold gold-2 || echo "exit $?"
drbl-deploy images rename gold golden
drbl-deploy images prune 'gold-*' --keep 1 --dry-run -q | sort | wc -l
drbl-deploy images prune 'gold-*' --older 2h -y -q
drbl-deploy images prune '*' --incomplete </dev/null || echo "exit $?"
drbl-deploy images prune half 'x*' --incomplete -y -q
drbl-deploy images ls -q
[[ -z $(find server/home server/root server/tmp -name 'PWNED*') ]] || echo "BAD: executed"
