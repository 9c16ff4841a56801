#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2094 # what is quoted is for the guest
# timeout: 90
# gdb debugs a virtual machine through kd: registers, memory, steps; the line is QEMU's own gdb server.
. "$LIB"
requires qemu-system-i386 gdb
. "$ROOT/tests/tools/serial_line.sh"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
qemu-system-i386 -accel tcg -m 16 -display none -nodefaults -S -gdb "tcp:127.0.0.1:$port" 2>qemu.log &
LINES_PIDS+=($!)
T=127.0.0.1:$port
LINES_TARGETS+=("$T")
for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.1; done
sleep 0.3
debug() {
    timeout 60 gdb -nx -batch -ex 'set architecture i8086' -ex "target remote $1" -ex 'p/x $pc' -ex 'x/2bx 0xffff0' -ex stepi -ex 'p $pc != 0xfff0' 2>/dev/null |
        grep -E '^\$|^0xffff0'
}
serial-cli -t "$T" kd --listen 127.0.0.1:0 --once >where &
kd=$!
for _ in $(seq 100); do [[ -s where ]] && break; sleep 0.1; done
debug "$(cat where)"
wait $kd
