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
run_examples xvm
