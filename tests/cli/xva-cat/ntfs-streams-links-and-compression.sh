#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What only NTFS has, against what ntfs-3g showed of the recorded volume.
. "$LIB"
requires zstd
zstd -dqo disk.raw --sparse "$DATA/ntfs/features.raw.zst"
while read -r sum path; do
    [[ $(xva-cat disk.raw "disk:/$path" | sha256sum) == "$sum  -" ]] && echo "same: $path"
done <"$DATA/ntfs/features.sha256"
xva-cat disk.raw "disk:/to file" 'disk:/TO FOLDER/Hard Link' 'disk:/to drive' 'disk:/folder/*n'
xva-ls disk.raw -ld disk:/to* | cut -f 7,8
xva-ls disk.raw --json -d disk:/file | jq -c '.items[0] | {links, streams}'
{ xva-cat disk.raw --tar disk:/ || true; } | tar -t | grep -c many/
xva-cat disk.raw -x out disk:/packed disk:/sparse
(cd out && sha256sum -c --quiet --ignore-missing "$DATA/ntfs/features.sha256")
(($(stat -c %b out/sparse) < 1000)) || echo "BAD: holes were filled"
status xva-cat disk.raw disk:/elsewhere
status xva-cat disk.raw disk:/file:none
status xva-cat disk.raw disk:/many:stream
