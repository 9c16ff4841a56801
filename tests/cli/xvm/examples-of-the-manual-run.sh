#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# timeout: 120
# Every example of --help, which is every example of the man page, works on the simulated pool.
. "$LIB"
requires jq
: >virtio.iso
with_xapi --vms 7 --running 3 --ssh-api --fault rename:1:vm001:web2 --fault rename:1:vm003:lab-1 --fault rename:1:vm004:lab-2 --fault rename:1:vm005:db1 --fault rename:1:vm006:gold \
    --fault rename:1:vm002:web1
for _ in 1 2 3 4 5 6; do xvm ls >/dev/null; done # each renames some
xvm export web1 -o web1.xva >/dev/null
head -c 1048576 /dev/zero >disk.raw
before_example() { # an earlier example rebooted it
    [[ $1 != "xvm migrate web1"* ]] || xvm wait web1 --for tools --timeout 60s >/dev/null
}
run_examples xvm
