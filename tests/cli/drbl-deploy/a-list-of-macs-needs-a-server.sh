#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
printf 'web1\t52:54:00:00:00:01\n' | status drbl-deploy restore gold --disk sda --macs -
printf 'web1\n' | status drbl-deploy restore gold --disk sda --macs -
status drbl-deploy restore gold --disk sda --macs none
