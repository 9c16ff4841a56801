#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What is exported and merged elsewhere is the same; UTF-16 and UTF-8; removal of keys and values.
. "$LIB"
. "$ROOT/tests/cli/windows.sh"
requires hivexregedit iconv
windows_guest win.raw
xva-reg win.raw export 'HKLM\SYSTEM' >all.reg
tr -d '\r' <all.reg
xva-reg win.raw export --utf16 'HKLM\SYSTEM' | iconv -f UTF-16 -t UTF-8 | cmp - all.reg
windows_guest other.raw
xva-reg other.raw delete 'SYSTEM\ControlSet001' -o empty.raw
iconv -f UTF-8 -t UTF-16 all.reg | xva-reg empty.raw merge - -o merged.raw
xva-reg merged.raw export 'HKLM\SYSTEM' | cmp - all.reg
printf 'Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\xenvbd]\n"Group"=-\n"Start"=dword:00000004\n\n[-HKEY_LOCAL_MACHINE\\SYSTEM\\Select]\n' >edit.reg
xva-reg merged.raw merge edit.reg --in-place
xva-cat merged.raw C:/Windows/System32/config/SYSTEM >hive
# shellcheck disable=SC1003 # a backslash ends the key
hivexregedit --export hive '\' | tr -d '\r'
printf 'Windows Registry Editor Version 5.00\n[HKLM\\SYSTEM\\x]\n"a"=dword:zz\n' >bad.reg
status xva-reg merged.raw merge bad.reg --in-place
echo nonsense >bad.reg
status xva-reg merged.raw merge bad.reg --in-place
