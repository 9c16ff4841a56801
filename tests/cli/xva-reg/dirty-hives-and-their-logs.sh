#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A guest that crashed: what is only in the logs is seen, written only with --recover; the log
# formats of Windows 8.1 and before.
. "$LIB"
. "$ROOT/tests/cli/windows.sh"
requires hivexget
windows_guest win.raw
cp SYSTEM after
hivexsh -w after <<'END'
cd ControlSet001\Services\xenvbd
setval 2
Start
dword:0x3
New
string:only in the log
commit
END
for kind in log oldlog; do
    suffix=$([[ $kind == log ]] && echo LOG1 || echo LOG)
    python3 "$ROOT/tests/tools/make_hive.py" $kind SYSTEM after dirty
    cp win.raw crashed.raw
    xva-put crashed.raw dirty disk:/Windows/System32/config/SYSTEM \
        "dirty.$suffix" "disk:/Windows/System32/config/SYSTEM.$suffix" --in-place
    xva-reg crashed.raw get 'HKLM\SYSTEM\CurrentControlSet\Services\xenvbd'
    cp crashed.raw before.raw
    status xva-reg crashed.raw set 'SYSTEM\x\y=dword:1' --in-place
    cmp crashed.raw before.raw
    xva-reg crashed.raw set 'SYSTEM\x\y=dword:1' --in-place --recover
    xva-cat crashed.raw C:/Windows/System32/config/SYSTEM >hive
    hivexget hive 'ControlSet001\Services\xenvbd' New
    hivexget hive x y
    # A damaged log is not applied.
    printf 'x' | dd of="dirty.$suffix" bs=1 seek=600 conv=notrunc status=none
    xva-put before.raw "dirty.$suffix" "disk:/Windows/System32/config/SYSTEM.$suffix" --in-place
    [[ $kind == oldlog ]] || xva-reg before.raw get 'HKLM\SYSTEM\ControlSet001\Services\xenvbd\Start'
done
