#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# An agent with a secret serves who knows it and nobody else; the secret is on no command line and in no log.
. "$LIB"
. "$ROOT/tests/tools/serial_line.sh"
echo open-sesame >good
echo guess >bad
chmod 600 good bad
line_with --rate 0 -- serial-agent --port '{}' --secret-file good
status serial-cli -t "$T" ping 2>&1
status serial-cli -t "$T" --secret-file bad ping 2>&1
serial-cli -t "$T" --secret-file good run -- echo in </dev/null
status serial-cli -t "$T" --secret-file nosuch ping 2>&1
grep -r sesame "$HOME/state" && echo 'BAD: in a log'
exit 0
