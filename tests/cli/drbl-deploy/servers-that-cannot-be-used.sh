#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Nobody listens, nobody knows us, and a machine that is no DRBL server.
# shellcheck disable=SC2015
. "$LIB"
with_sshd host
[[ ! -x /usr/sbin/drbl-ocs ]] || skip "this machine is a DRBL server"
status drbl-deploy status --server host --ssh-config "$PWD/ssh_config"
status drbl-deploy restore gold --disk sda --hosts 10.0.0.5 --server host --ssh-config "$PWD/ssh_config" --run -y
status drbl-deploy doctor --server host --ssh-config "$PWD/ssh_config" --json 2>/dev/null | tail -n 1
{ stop_sshd "$SSHD_PID"; wait "$SSHD_PID"; } 2>/dev/null || true
sleep 0.2
status drbl-deploy status --server host --ssh-config "$PWD/ssh_config" 2>err
grep -q "error:" err && ! grep -q "trying again" err || cat err
