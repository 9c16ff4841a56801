#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 90
# Without an agent the port is still good for: wait-for, send, console, a log with times, share; kd passes every byte
# value in both directions and gives the port back to the agent afterwards.
. "$LIB"
. "$ROOT/tests/tools/serial_line.sh"
line_with --rate 0
guest() { cat >guest; }
serial-cli -t "$T" wait-for 'log[i]n: $' --timeout 20s >found &
waiter=$!
sleep 0.5
printf '\r\nBooting\033[1m...\033[0m\r\nguest lo' | guest
sleep 0.2
printf 'gin: ' | guest
wait $waiter
cat found
timeout 5 head -c 5 guest >typed &
sleep 0.2
serial-cli -t "$T" send root
wait $!
od -An -c typed
status serial-cli -t "$T" wait-for never --timeout 300ms 2>&1
status serial-cli -t "$T" wait-for '(' 2>&1 | tail -1
status serial-cli -t "$T" send --break 2>&1
serial-cli -t "$T" log
serial-cli -t "$T" log --ts | grep -c '^20..-..-..T..:..:..\....Z guest login: $'

echo "kd is clean for all bytes:"
line --rate 0
python3 - >all <<'END'
import sys
sys.stdout.buffer.write(bytes(range(256)) * 300)
END
status serial-cli -t "$T" kd 2>&1 | tail -1
line_with --rate 0
serial-cli -t "$T" kd --listen unix:dbg --once >where &
kd=$!
for _ in $(seq 100); do [[ -s where ]] && break; sleep 0.1; done
cat where
timeout 20 head -c 76800 guest >arrived &
catcher=$!
python3 - <<'END'
import os, socket, time
peer = socket.socket(socket.AF_UNIX)
peer.connect("dbg")
data = open("all", "rb").read()
peer.sendall(data)
time.sleep(1)
guest = os.open("guest", os.O_RDWR | os.O_NOCTTY)
sent, got = 0, b""
while len(got) < len(data):
    sent += os.write(guest, data[sent:sent + 4096]) if sent < len(data) else 0
    peer.settimeout(5)
    got += peer.recv(65536)
print("to the debugger:", got == data)
END
wait $catcher $kd
cmp arrived all
serial-cli -t "$T" kd --listen 0.0.0.0:0 2>err || head -1 err

echo "a terminal and a socket for other programs:"
line_with --rate 0
rm where
serial-cli -t "$T" kd --pty dbg-tty --once >where 2>/dev/null &
kd=$!
wait_for 20 test -s where
timeout 20 head -c 4 guest >arrived &
catcher=$!
printf 'abc\r' >dbg-tty
wait $catcher
od -An -c arrived
status serial-cli -t "$T" ping 2>&1
kill $kd
wait $kd || :
[[ ! -L dbg-tty ]] || echo 'BAD: the link stays'
rm where
serial-cli -t "$T" share --listen shared >where 2>/dev/null &
share=$!
wait_for 20 test -s where
stat -c %a shared
python3 - <<'END_OF_PYTHON'
import os, socket
first, second = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
for peer in first, second:
    peer.connect("shared")
    peer.settimeout(20)
first.sendall(b"typed")
guest = os.open("guest", os.O_RDWR | os.O_NOCTTY)
print("the first writes:", os.read(guest, 5).decode())
second.sendall(b"not")
os.write(guest, b"said")
print("all read:", first.recv(4).decode(), second.recv(4).decode())
first.close()
second.sendall(b"next")
print("then the next:", os.read(guest, 4).decode())
END_OF_PYTHON
kill $share
wait $share || :
[[ ! -e shared ]] || echo 'BAD: the socket stays'
printf 'hello\r' | timeout 60 serial-cli -t "$T" console >said 2>/dev/null &
console=$!
timeout 20 head -c 6 guest >typed
od -An -c typed
printf 'welcome\n' >guest
wait_for 20 grep -qs welcome said
kill $console
wait $console || :
