#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SIGINT and SIGTERM while waiting for input: a word at once, and the status that a shell expects.
. "$LIB"
mkfifo pipe
for tool in $TOOLS; do
    for signal in INT TERM HUP; do
        python3 - "$tool" "$signal" <<'P'
import os, signal, subprocess, sys, time
tool, name = sys.argv[1:]
number = getattr(signal, "SIG" + name)
r, w = os.pipe()
p = subprocess.Popen([tool, "-"], stdin=r, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
os.close(r)
time.sleep(0.3)
begin = time.monotonic()
p.send_signal(number)
out, err = p.communicate(timeout=10)
late = time.monotonic() - begin > 3
print(tool, name, p.returncode == -number, late, out.decode(), err.decode().strip())
P
    done
done
