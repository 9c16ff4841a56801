#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# timeout: 120
# A real VNC server (QEMU's) behind the console of a VM: a picture, keys, and a viewer that stays while the VM reboots.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
requires qemu-system-x86_64 vncsnapshot
qemu-system-x86_64 -display none -vnc "unix:$PWD/vnc" -m 32 -nic none -boot menu=off -monitor "unix:$PWD/monitor,server=on,wait=off" -name test 2>qemu.err &
qemu=$!
trap 'kill $qemu' EXIT
wait_for 20 test -S vnc
with_xapi --vms 2 --running 1 --console "$PWD/vnc"
status xvm console vm001
status xvm console vm002 --shot no.png
status xvm console vm001 --type '<Nokey>'
picture() { # FILE: its size, and whether anything is on it
    python3 - "$1" <<'END'
import struct, sys, zlib
data = open(sys.argv[1], "rb").read()
assert data.startswith(b"\x89PNG\r\n\x1a\n")
at, pixels = 8, b""
while at < len(data):
    length, kind = struct.unpack(">I4s", data[at:at + 8])
    body = data[at + 8:at + 8 + length]
    assert zlib.crc32(kind + body) == struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0]
    if kind == b"IHDR": width, height = struct.unpack(">II", body[:8])
    if kind == b"IDAT": pixels += body
    at += 12 + length
lines = zlib.decompress(pixels)
assert len(lines) == (3 * width + 1) * height
print("picture", "of text" if any(lines) else "BLACK")
END
}
shot() { xvm console vm001 --shot shot.png && picture shot.png | grep -q text; }
wait_for 60 shot
picture shot.png
xvm console vm001 --shot - >other.png
picture other.png
xvm console vm001 --type 'root<Enter>A<C-A-Del>'
xvm console vm001 --listen 127.0.0.1:0 >port 2>notes &
proxy=$!
wait_for 20 test -s port
vncsnapshot -quiet -allowblank "127.0.0.1::$(cut -d: -f2 port)" client.jpg >client.log 2>&1 || cat client.log
test -s client.jpg || echo "BAD: no picture from vncsnapshot"
python3 - "$(cut -d: -f2 port)" <<'END'
import os, socket, struct, subprocess, sys, time
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.settimeout(40)
def exactly(n):
    data = b""
    while len(data) < n:
        part = s.recv(n - len(data))
        assert part, "the viewer was cut off"
        data += part
    return data
assert exactly(12) == b"RFB 003.008\n"
s.sendall(b"RFB 003.008\n")
assert exactly(2) == b"\1\1"
s.sendall(b"\1")
assert exactly(4) == bytes(4)
s.sendall(b"\1")
size = struct.unpack(">HH", exactly(4)); depth = exactly(16)[0]
exactly(struct.unpack(">I", exactly(4))[0])
s.sendall(struct.pack(">BxHiiii", 2, 4, 7, 5, 0, -223))  # tight and hextile are not passed on
def update(incremental):
    """Rectangles until one has come."""
    global size
    s.sendall(struct.pack(">BBHHHH", 3, incremental, 0, 0, *size))
    while True:
        kind = exactly(1)[0]
        if kind == 0:
            (count,) = struct.unpack(">xH", exactly(3))
            for _ in range(count):
                x, y, w, h, encoding = struct.unpack(">HHHHi", exactly(12))
                assert encoding in (0, 1, -223), encoding
                if encoding == 0: exactly(w * h * depth // 8)
                elif encoding == 1: exactly(4)
                else: size = (w, h)
            return count
        assert kind == 2, kind
print("viewer", "has the screen" if update(0) else "BAD")
subprocess.run(["xvm", "reset", "vm001", "--yes", "--format", "ids"], check=True, stdout=subprocess.DEVNULL)
while "is back" not in open("notes").read():
    assert update(0) is not None
    time.sleep(0.05)
s.sendall(struct.pack(">BBxxI", 4, 1, 0x61) + struct.pack(">BBxxI", 4, 0, 0x61))
print("viewer", "still has it" if update(0) is not None else "BAD")
s.close()
END
kill $proxy
wait $proxy 2>/dev/null || echo "exit $?"
sed 's/^/note: /' notes
no_remains
