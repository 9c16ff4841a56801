#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 120
# Every example of --help, which is every example of the man page, works on a guest; those that go on until they are
# interrupted are, after a second. "agent install" would change this machine, which is the guest here: a test with a
# virtual machine has it.
. "$LIB"
. "$ROOT/tests/tools/serial_line.sh"
python3 "$ROOT/tests/tools/serial_line.py" --guest inside --pty guest --rate 0 -- serial-agent --port '{}' &
LINES_PIDS+=($!)
LINES_TARGETS+=("pty:$PWD/guest")
for _ in $(seq 100); do [[ -e guest ]] && break; sleep 0.05; done
serial-cli -t pty:guest --attach-timeout 30s ping >/dev/null
mkdir tests
touch tests/a driver.tar.gz
examples_of serial-cli >examples
(($(wc -l <examples) >= 8)) || echo "BAD: few examples"
while read -r line; do
    case $line in
    *"agent install"*) continue ;;
    *console* | *" kd "* | *share* | *wait-for*) line="timeout 1 $line || [ \$? = 124 ]" ;;
    esac
    bash -c "$line" >out 2>err </dev/null || echo "BAD: exit $?: $line"
    ! grep "error:" err || echo "BAD: $line"
done <examples
rm -f /tmp/driver.tar.gz
