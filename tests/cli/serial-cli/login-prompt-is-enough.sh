#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2094 # what is quoted is for the guest
# timeout: 120
# A login prompt and no agent: run logs in, and agent install makes an agent of it. The guest is a shell behind a prompt
# of our own on a pseudo-terminal.
. "$LIB"
requires base64 sha256sum
. "$ROOT/tests/tools/serial_line.sh"
line_with --rate 0 -- python3 "$ROOT/tests/tools/fake_login.py" '{}' sesame
echo sesame >good
echo wrong >bad
run() { serial-cli -t "$T" --attach-timeout 500ms run -u root "$@"; }
status run --login-file good -- 'echo out; echo err >&2; exit 7' 2>err
cat err
run --login-file good --json -- printf '%s|' 'a  b' "it's" '$HOME' | jq -c 'del(.name)' 2>/dev/null || :
run --login-file good -C /usr -- pwd
status run --login-file bad -- true 2>&1
status run --login-file good --timeout 1s -- sleep 60 2>&1
status serial-cli -t "$T" --attach-timeout 500ms run -- true 2>&1
