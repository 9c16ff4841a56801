#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
requires jq
drbl-deploy multicast gold --disk sda --hosts 10.0.0.5-6 --clients 2 --json 2>/dev/null | jq -c '.schema, .argv, .clients, .blockers'
drbl-deploy save gold --disk sda --hosts 10.0.0.5-6 --json 2>/dev/null | jq -c .blockers
drbl-deploy save gold --json 2>/dev/null | jq -c '.error|.code,.kind' || true
