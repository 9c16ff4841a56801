#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# labels: memory
# send --break and --sysrq ask the driver of the port for a break, seen by strace, and type the key after it.
# (Label memory: the leak checker of the address sanitizer does not work under strace.)
. "$LIB"
requires strace
python3 - <<'END'
import os, pty, subprocess, time, tty
master, slave = pty.openpty()
tty.setraw(slave)
cli = ["serial-cli", "-t", "pty:" + os.ttyname(slave), "--attach-timeout", "200ms"]
broker = subprocess.Popen(["strace", "-f", "-qq", "-e", "trace=ioctl", "-o", "trace", *cli, "broker"], stdin=subprocess.DEVNULL)
for _ in range(400):
    if subprocess.run([*cli, "broker", "--status"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
        break
    time.sleep(0.05)
for words in (["--break"], ["--sysrq", "b"]):
    print(subprocess.run([*cli, "send", *words]).returncode)
print(os.read(master, 100))
subprocess.run([*cli, "broker", "--stop"], stdout=subprocess.DEVNULL)
broker.wait(timeout=30)
print(open("trace").read().count("TCSBRK"))
END
