#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# get, keys, set, delete against hivexget and hivexregedit.
. "$LIB"
. "$ROOT/tests/cli/windows.sh"
requires hivexget hivexregedit
windows_guest win.raw
xva-reg win.raw get 'HKLM\SYSTEM\CurrentControlSet\Services\xenvbd'
xva-reg win.raw get 'HKLM\SYSTEM\currentcontrolset\services\XENVBD\start'
xva-reg win.raw keys 'SYSTEM\ControlSet001'
xva-reg win.raw get --json 'HKLM\SYSTEM\Select'
xva-reg win.raw set 'HKLM\SYSTEM\CurrentControlSet\Control\Crash Control\CrashDumpEnabled=dword:7' --in-place
xva-reg win.raw set 'SYSTEM\ControlSet001\Control\Multi=multi_sz:one|zwei ä|三' --in-place
xva-reg win.raw set 'SYSTEM\ControlSet001\Control\@=sz:default' --in-place
xva-reg win.raw service xenvbd start=disabled --in-place
xva-reg win.raw delete 'SYSTEM\ControlSet001\Services\xenvbd\Group' --in-place
xva-cat win.raw C:/Windows/System32/config/SYSTEM >hive
hivexget hive 'ControlSet001\Control\Crash Control' CrashDumpEnabled
hivexget hive 'ControlSet001\Control' Multi
hivexget hive 'ControlSet001\Control' @
hivexregedit --export hive 'ControlSet001\Services' | tr -d '\r'
status xva-reg win.raw get 'HKLM\SYSTEM\no\such'
status xva-reg win.raw get 'HKLM\SOFTWARE\x'
status xva-reg win.raw get 'Strange\x'
status xva-reg win.raw set 'SYSTEM\a\b=word' --in-place
status xva-reg win.raw service nothere start=boot --in-place
status xva-reg win.raw delete 'SYSTEM\nothere' --in-place
status xva-reg win.raw set 'SYSTEM\a\b=dword:1'
