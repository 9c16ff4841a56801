#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Kernel debugging and safe mode, found under the numbers that bcdedit writes.
. "$LIB"
. "$ROOT/tests/cli/windows.sh"
requires hivexregedit
windows_guest win.raw
xva-reg win.raw bcd debug on --port 1 --baud 115200 --in-place
xva-reg win.raw bcd safeboot network --in-place
xva-reg win.raw --hive bcd get '{default}\debug'
xva-reg win.raw --hive bcd get '{dbgsettings}\baudrate'
xva-cat win.raw C:/Boot/BCD >bcd
# shellcheck disable=SC1003 # a backslash ends the key
hivexregedit --export bcd '\' | tr -d '\r'
xva-reg win.raw bcd safeboot off --in-place
xva-reg win.raw bcd debug off --in-place
xva-reg win.raw --hive bcd set '{default}\testsigning=bool:1' --in-place
xva-reg win.raw --hive bcd get '{default}\debug'
status xva-reg win.raw --hive bcd get '{default}\safeboot'
status xva-reg win.raw bcd safeboot sideways --in-place
