# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A small Windows guest for tests: windows_guest IMAGE makes an NTFS volume with a SYSTEM hive and a
# boot configuration; the hives also lie in files of the current folder.

windows_hive() { # FILE, hivexsh commands on standard input
    requires python3 hivexsh
    python3 "$ROOT/tests/tools/make_hive.py" new "$1"
    hivexsh -w "$1"
}

windows_guest() {
    requires mkntfs
    windows_hive SYSTEM <<'END'
add Select
cd Select
setval 1
Current
dword:0x1
cd \
add ControlSet001
cd ControlSet001
add Services
cd Services
add xenvbd
cd xenvbd
setval 3
Start
dword:0x0
ImagePath
expandstring:system32\drivers\xenvbd.sys
Group
string:Boot Bus Extender
commit
END
    windows_hive BCD <<'END'
add Objects
cd Objects
add {9dea862c-5cdd-4e70-acc1-f32b344d4795}
cd {9dea862c-5cdd-4e70-acc1-f32b344d4795}
add Elements
cd Elements
add 23000003
cd 23000003
setval 1
Element
string:{11111111-2222-3333-4444-555555555555}
cd \
cd Objects
add {11111111-2222-3333-4444-555555555555}
cd {11111111-2222-3333-4444-555555555555}
add Elements
commit
END
    rm -f "$1"
    truncate -s 16M "$1"
    mkntfs -qFf "$1" >/dev/null 2>&1
    xva-put "$1" --mkdir disk:/Windows --in-place
    xva-put "$1" --mkdir disk:/Windows/System32 --mkdir disk:/Boot --in-place
    xva-put "$1" --mkdir disk:/Windows/System32/config --in-place
    xva-put "$1" SYSTEM disk:/Windows/System32/config/SYSTEM BCD disk:/Boot/BCD --in-place
}
