#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# --sfdisk makes a script from which sfdisk makes the same table: MBR with logical partitions, GPT, 4 KiB sectors.
. "$LIB"
requires sfdisk
for kind in mbr-logical gpt start63; do
    disk $kind $kind.raw
    xva-mbr --sfdisk $kind.raw >script
    truncate -s "$(stat -c %s $kind.raw)" copy.raw
    sfdisk -q copy.raw <script
    diff <(sfdisk -d $kind.raw | sed "s/$kind.raw/X/") <(sfdisk -d copy.raw | sed 's/copy.raw/X/') && echo "$kind: same"
    rm copy.raw
done
