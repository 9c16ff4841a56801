#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Without --run standard output is the remote command, in one line; no server is needed for addresses.
. "$LIB"
export XENLAB_FORMAT=table
drbl-deploy save gold --disk sda --hosts 10.0.0.5 --compress z9p --split 4G --checksums -s
drbl-deploy restore gold --disk nvme0n1 --hosts 10.0.0.5-7 --after poweroff --layout proportional -s
drbl-deploy restore gold --parts sda1,sda2 --hosts 10.0.0.5 --no-check --after choose -s
drbl-deploy multicast gold --disk sda --hosts 10.0.0.5-6,10.0.0.9 --clients 3 --max-wait 90s --interface eth1 -s
drbl-deploy restore gold --disk 1st-disk --all-clients -s
