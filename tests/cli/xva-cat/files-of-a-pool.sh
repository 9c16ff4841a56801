#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xva-cat xva-ls xvm
# Files out of a VM of the pool: only the blocks of the disk that were needed are fetched and kept.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires mke2fs
with_xapi --vms 1
mkdir -p tree/etc
echo "root filesystem" >tree/etc/fstab
head -c 3000000 /dev/urandom >tree/big
mke2fs -q -t ext4 -d tree fs.raw 24M >/dev/null 2>&1
xapi_py <<'END'
data = open("fs.raw", "rb").read()
small_disk("vm001", len(data), {at: data[at:at + 65536] for at in range(0, len(data), 65536) if any(data[at:at + 65536])})
END
xva-cat vm:vm001 /etc/fstab
xva-cat vm:vm001 /big | cmp - tree/big
xva-ls vm:vm001 / | grep -v lost
no_remains
