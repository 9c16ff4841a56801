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
PYTHONPATH=$ROOT/tests/tools python3 - "$(cut -d: -f2 port)" <<'END'
import subprocess, sys, time
from rfb_viewer import Viewer
viewer = Viewer(int(sys.argv[1]))
print("viewer", "has the screen" if viewer.update()[0] else "BAD")
subprocess.run(["xvm", "reset", "vm001", "--yes", "--format", "ids"], check=True, stdout=subprocess.DEVNULL)
while "is back" not in open("notes").read():
    viewer.update()
    time.sleep(0.05)
viewer.press(ord("a"))
viewer.update()
print("viewer", "still has it")
viewer.close()
END
kill $proxy
wait $proxy 2>/dev/null || echo "exit $?"
sed 's/^/note: /' notes
no_remains
