#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Encrypted, foreign and missing: words and a way out.
. "$LIB"
requires mkfs.btrfs
truncate -s 120M btrfs.raw
mkfs.btrfs -q btrfs.raw >/dev/null
status xva-cat btrfs.raw disk:/etc/fstab
truncate -s 8M empty.raw
status xva-cat empty.raw disk:/x
status xva-cat empty.raw /x
truncate -s 8M ext.raw
mke2fs -q -t ext4 ext.raw
status xva-cat ext.raw /no/such
status xva-cat ext.raw p7:/x
status xva-cat ext.raw C:/x
status xva-cat ext.raw relative
status xva-cat ext.raw /
status xva-cat no-such-file /x
