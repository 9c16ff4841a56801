#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A login prompt on a terminal, as getty and login show it: fake_login.py TERMINAL PASSWORD. Behind it is /bin/sh."""
import fcntl
import os
import signal
import sys
import termios
import time


def read_line(fd):
    line = b""
    while not line.endswith(b"\n"):
        line += os.read(fd, 1)
    return line.strip(b"\r\n\0")


def cooked(fd, echo):
    mode = termios.tcgetattr(fd)
    mode[0] = termios.ICRNL | termios.IXON
    mode[1] = termios.OPOST | termios.ONLCR
    mode[3] = termios.ICANON | termios.ISIG | (termios.ECHO | termios.ECHOE if echo else 0)
    mode[6][termios.VEOF] = b"\x04"
    mode[6][termios.VINTR] = b"\x03"
    mode[6][termios.VKILL] = b"\x15"
    mode[6][termios.VMIN] = 1
    termios.tcsetattr(fd, termios.TCSANOW, mode)


def shell(path):
    child = os.fork()
    if child == 0:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)  # a job in the background of a script ignores them
        fd = os.open(path, os.O_RDWR)
        fcntl.ioctl(fd, termios.TIOCSCTTY, 0)
        for number in range(3):
            os.dup2(fd, number)
        os.execve("/bin/sh", ["-sh"], {"PS1": "guest# ", "PATH": os.environ["PATH"], "HOME": "/"})
    os.waitpid(child, 0)


def main():
    path, password = sys.argv[1], sys.argv[2].encode()
    while True:
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        cooked(fd, True)
        os.write(fd, b"\nDebian GNU/Linux 12 guest ttyS0\n\nguest login: ")
        name = read_line(fd)
        if not name:
            continue
        cooked(fd, False)
        os.write(fd, b"Password: ")
        given = read_line(fd)
        time.sleep(0.1)
        if name == b"root" and given == password:
            cooked(fd, True)
            os.write(fd, b"\n")
            shell(path)
        else:
            os.write(fd, b"\nLogin incorrect\n")


if __name__ == "__main__":
    main()
