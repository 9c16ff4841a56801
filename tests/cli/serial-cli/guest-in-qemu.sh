#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2094 # what is quoted is for the guest
# labels: full
# timeout: 600
# A real kernel with real 16550 ports (emulated without KVM): the agent on the port of the kernel's console (tcp), on one
# of its own (unix), and put there through a getty (pty). Copies, exit codes, a full disk, kernel messages in the middle
# of a copy, a reboot in the middle of a command and of a copy, the size of the agent.
. "$LIB"
requires qemu-system-x86_64 busybox cpio openssl
kernel=${XENLAB_TEST_KERNEL:-$(find /boot -name 'vmlinuz-*' 2>/dev/null | sort | head -1)}
[[ -n $kernel ]] || skip "needs a kernel in /boot (package linux-image-cloud-amd64)"
. "$ROOT/tests/tools/serial_line.sh"
"$ROOT/tests/tools/make_initramfs.sh" "$(command -v serial-agent)" initramfs
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
sock=$XDG_RUNTIME_DIR/s1
qemu-system-x86_64 -accel tcg -m 256 -display none -no-user-config -nodefaults -kernel "$kernel" -initrd initramfs \
    -append 'console=ttyS0 rdinit=/init quiet' -serial "tcp:127.0.0.1:$port,server=on,wait=off,nodelay=on" \
    -serial "unix:$sock,server=on,wait=off" -serial pty >qemu.log 2>&1 &
LINES_PIDS+=($!)
console=127.0.0.1:$port own=unix:$sock
LINES_TARGETS+=("$console" "$own")
for _ in $(seq 100); do grep -q 'char device' qemu.log && break; sleep 0.1; done
pty=pty:$(sed -n 's/^char device redirected to \([^ ]*\).*/\1/p' qemu.log)
LINES_TARGETS+=("$pty")
on() { local t=$1; shift; serial-cli -t "$t" --attach-timeout 120s --link-timeout 200s "$@"; }

on "$console" run -- 'uname -s; exit 9' </dev/null || echo "exit $?"
on "$own" run -- 'cat; hostname >&2' </dev/null 2>&1
head -c 100000 /dev/urandom >file
for t in "$console" "$own"; do
    on "$t" run -n -- 'for i in 1 2 3 4 5 6; do echo "<0>noise $i" >/dev/kmsg; sleep 0.5; done &' >/dev/null
    on "$t" put file /tmp/file
    on "$t" get /tmp/file back
    cmp file back
    on "$t" run -- sha256sum <file | cut -d' ' -f1 | cmp - <(sha256sum <file | cut -d' ' -f1)
done
head -c 600000 /dev/zero >big
status on "$own" put big /small/big 2>&1
on "$own" run -n -- 'ls /small | wc -l'
rss=$(on "$own" run -n -- "grep -h VmRSS /proc/\$(pidof serial-agent | tr ' ' '\n' | head -1)/status" | tr -dc 0-9)
((rss < 4096)) && echo "the agent has less than 4 MiB" || echo "BAD: $rss KiB"

echo sesame >login
on "$pty" --attach-timeout 1s run -u root --login-file login -- 'echo typed; exit 4' || echo "exit $?"
serial-cli -t "$pty" agent install --file "$(command -v serial-agent)" -u root --login-file login | sed 's/serial-agent [0-9.]*/VERSION/'
on "$pty" --attach-timeout 60s run -- 'tty; echo "through the agent"' </dev/null || echo "exit $?"

head -c 600000 /dev/urandom >part
(status on "$console" run -n -- 'echo x; until [ -s /tmp/again.part ]; do sleep 0.1; done; echo b >/proc/sysrq-trigger; sleep 100') >ran 2>&1 &
run=$!
wait_for 120 grep -qs x ran
put=0
on "$own" put part /tmp/again 2>put.err || put=$?
wait $run
cat ran
echo "put $put"
on "$own" get /tmp/again - | cmp - part
