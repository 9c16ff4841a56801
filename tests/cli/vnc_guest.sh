# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A guest with a real VNC server (QEMU's), for a simulated console to lead to.

# with_vnc_guest: starts it. Its VNC server is at the unix socket $PWD/vnc. A boot sector of 30 bytes fills the screen
# with red; then, for ever, it takes a key, writes it to the file "keys" and fills the screen with colour KEY & 7 of
# the VGA palette ("a" is blue, "b" green, "d" red). $GUEST_PID is QEMU's.
with_vnc_guest() {
    requires qemu-system-x86_64 python3
    python3 - <<'END'
code = bytes.fromhex("b81300cd10"    # mode 13h: 320x200, a byte a pixel
                     "6800a007fc"    # push 0a000h; pop es; cld
                     "b004"          # red
                     "31ffb900faf3aa"  # fill: di = 0, cx = 64000, rep stosb
                     "b400cd16"      # wait for a key
                     "e6e9"          # out 0e9h: to the file
                     "2407"          # and al, 7
                     "ebef")         # to fill
open("boot.img", "wb").write(code.ljust(510, b"\0") + b"\x55\xaa" + bytes(1474560 - 512))
END
    : >keys
    qemu-system-x86_64 -display none -vnc "unix:$PWD/vnc" -m 32 -nic none -boot a -drive file=boot.img,format=raw,if=floppy \
        -debugcon file:keys -name guest 2>qemu.err &
    GUEST_PID=$!
    trap 'kill $GUEST_PID' EXIT
    wait_for 60 test -S vnc
}
