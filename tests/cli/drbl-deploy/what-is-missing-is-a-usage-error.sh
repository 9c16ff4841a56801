#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# No dialog, no connection: exit 2 and words.
. "$LIB"
no_server() { status drbl-deploy "$@" --server 192.0.2.1; }
no_server save
no_server save gold
no_server save gold --disk sda
no_server save gold --disk sda --parts sda1 --hosts 10.0.0.5
no_server save gold --disk sda --all-clients --hosts 10.0.0.5
no_server multicast gold --disk sda --hosts 10.0.0.5
no_server multicast gold --disk sda --hosts 10.0.0.5 --clients 2
no_server restore gold --disk sda --hosts 10.0.0.9-5
no_server restore gold --disk sda --hosts 10.0.0.5 --after 'rm -rf /'
no_server restore gold --disk sda1 --hosts 10.0.0.5
no_server save gold --disk sda --hosts 10.0.0.5 --compress z3p
no_server images prune gold
no_server forward add 3390:client:3389
no_server wake --broadcast all
status drbl-deploy status
status drbl-deploy restore gold --disk sda --hosts pc1
status drbl-deploy savee gold
