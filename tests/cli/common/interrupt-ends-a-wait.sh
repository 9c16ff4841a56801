#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SIGINT, SIGTERM and SIGHUP while waiting for input: a word at once, and the status that a shell expects.
. "$LIB"
cat >wait.py <<'P'
import signal, subprocess, sys, time
for tool in sys.argv[1:]:
    for name in "SIGINT", "SIGTERM", "SIGHUP":
        number = getattr(signal, name)
        p = subprocess.Popen([tool, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(0.3)
        begin = time.monotonic()
        p.send_signal(number)
        p.wait(timeout=10)
        said = p.stdout.read() + p.stderr.read()
        if p.returncode != -number or time.monotonic() - begin > 3 or said != f"{tool}: interrupted\n".encode():
            print("BAD", tool, name, p.returncode, said)
P
# shellcheck disable=SC2046 # names without spaces
python3 wait.py $(archive_tools)
