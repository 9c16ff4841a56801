#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The agents are what serial-agent(1) says: static, small, and for kernels as old as 3.2.
. "$LIB"
requires readelf objdump
for agent in serial-agent serial-agent-linux-i686; do
    file=$(command -v $agent) || continue
    [[ $(readelf -d "$file") != *NEEDED* ]] || skip "$agent is a build with sanitizers"
    [[ $(readelf -n "$file") == *'ABI: 3.2.0'* ]] || echo "BAD: $agent is not for Linux 3.2"
    (($(stat -c %s "$file") <= 1600 * 1024)) || echo "BAD: $agent has $(stat -c %s "$file") bytes"
done
for agent in serial-agent-windows-x86_64.exe serial-agent-windows-i686.exe; do
    file=$(command -v $agent) || continue
    objdump -p "$file" | sed -n 's/.*DLL Name: //p' | grep -vix 'kernel32.dll\|msvcrt.dll\|advapi32.dll' || :
    (($(stat -c %s "$file") <= 1200 * 1024)) || echo "BAD: $agent has $(stat -c %s "$file") bytes"
done
