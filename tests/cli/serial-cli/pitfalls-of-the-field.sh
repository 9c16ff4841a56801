#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 120
# tools: xvm
# What goes wrong with serial ports of VMs, on a real QEMU (without KVM) whose guest echoes what comes: a server that is
# absent when the VM starts, a setting that needs a restart, a connection that was dropped. The fourth, the limit of
# 65,535 bytes, is in bad-lines-are-repaired.
. "$LIB"
requires qemu-system-i386 jq
. "$ROOT/tests/tools/serial_line.sh"
with_xapi --vms 1 --running 1
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# A boot sector: wait until 3fd says that a byte is there, read it from 3f8, write it back.
python3 -c 'open("boot.img", "wb").write(bytes.fromhex("bafd03eca80174fbbaf803eceeebf1").ljust(510, b"\0") + b"\x55\xaa")'
machine() { # SERIAL: on the value that XAPI would pass on
    timeout 100 qemu-system-i386 -accel tcg -m 16 -display none -nodefaults -drive file=boot.img,format=raw -serial "$1" 2>qemu.err &
    LINES_PIDS+=($!)
}
echo "a client whose server is absent:"
xvm serial set vm001 "tcp:127.0.0.1:$port" --fields status,message 2>&1 | sed "s/$port/PORT/"
machine "$(xvm serial show vm001 --json | jq -r '.items[0].value')"
status wait $! 2>/dev/null
grep -o 'could not connect serial device' qemu.err
echo "a server without a client, and a setting that needs a restart:"
xvm serial set vm001 "tcp:127.0.0.1:$port,server" --fields status,message -s | sed "s/$port/PORT/"
machine "$(xvm serial show vm001 --json | jq -r '.items[0].value')"
T=127.0.0.1:$port
LINES_TARGETS+=("$T")
wait_for 30 serial-cli -t "$T" wait-for --send one one --timeout 2s 2>/dev/null
echo "a connection that was dropped:"
serial-cli -t "$T" broker --stop
serial-cli -t "$T" wait-for --send two two --timeout 30s
kill -9 "$(serial-cli -t "$T" broker --status --json | jq -r .facts.pid)"
serial-cli -t "$T" wait-for --send three three --timeout 30s
