#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# C: and D: are what MountedDevices says, by a disk's signature and offset or by a partition's GUID, and -v tells which.
. "$LIB"
. "$ROOT/tests/cli/windows.sh"
requires hivexsh sfdisk mkntfs python3
windows_guest win.raw
truncate -s 8M data.raw
mkntfs -qFf data.raw >/dev/null 2>&1
echo on data >file
xva-put data.raw file disk:/file --in-place
bytes() { python3 -c 'import sys, uuid, struct
kind, *words = sys.argv[1:]
data = struct.pack("<IQ", *(int(w, 0) for w in words)) if kind == "mbr" else b"DMIO:ID:" + uuid.UUID(words[0]).bytes_le
print("hex:3:" + ",".join(f"{b:02x}" for b in data))' "$@"; }
# A disk with a reserved volume, the system and data; the letters are not in the order of the partitions.
build() { # LABEL LETTER-OF-SYSTEM LETTER-OF-DATA
    printf 'cd \\\nadd MountedDevices\ncd MountedDevices\nsetval 2\n\\DosDevices\\C:\n%s\n\\DosDevices\\E:\n%s\ncommit\n' "$2" "$3" >commands
    cp SYSTEM hive
    hivexsh -w hive <commands
    cp win.raw system.raw
    xva-put system.raw hive disk:/Windows/System32/config/SYSTEM --in-place
    truncate -s 0 disk.raw
    truncate -s 48M disk.raw
    sfdisk -q disk.raw <<<"$1"
    dd if=data.raw of=disk.raw bs=1M seek=1 conv=notrunc status=none
    dd if=system.raw of=disk.raw bs=1M seek=16 conv=notrunc status=none
    xva-cat -v disk.raw e:/FILE 2>&1
    xva-ls disk.raw C:/
    xva-ls disk.raw --volumes | cut -f 1,7
    status xva-cat disk.raw D:/file
}
build 'label: dos
label-id: 0x5ca1ab1e
start=2048, size=16384, type=7
start=32768, size=32768, type=7' "$(bytes mbr 0x5ca1ab1e $((16 << 20)))" "$(bytes mbr 0x5ca1ab1e $((1 << 20)))"
build 'label: gpt
start=2048, size=16384, type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7, uuid=11111111-2222-3333-4444-555555555555
start=32768, size=32768, type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7, uuid=AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE' \
    "$(bytes gpt aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee)" "$(bytes gpt 11111111-2222-3333-4444-555555555555)"
