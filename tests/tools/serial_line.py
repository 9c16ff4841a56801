#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A serial line for tests: a pseudo-terminal for the guest's side, TCP or unix sockets for the host's.

usage: serial_line.py --guest LINK (--tcp-file FILE | --unix PATH | --pty LINK) [FAULTS] [-- AGENT COMMAND...]

The line is paced (115200 8N1 is 11520 bytes a second each way; 0 is not paced) and can be as bad as real ones.
Offsets count bytes of one direction since the start. AGENT COMMAND is started once the line is there, with
{} replaced by LINK; --kill-at and --restart-after end it and start it anew.
"""
import argparse
import os
import random
import selectors
import signal
import socket
import subprocess
import sys
import time
import tty


class Direction:
    """Bytes on their way, with the faults of this direction."""

    def __init__(self, arguments, seed):
        self.rate = arguments.rate
        self.queue = bytearray()
        self.passed = 0
        self.credit_at = time.monotonic()
        chooser = random.Random(seed)
        span = arguments.span
        self.drops = sorted(chooser.randrange(3000, span) for _ in range(arguments.drop))
        self.flips = sorted(chooser.randrange(3000, span) for _ in range(arguments.corrupt))
        self.bursts = sorted(chooser.randrange(3000, span) for _ in range(arguments.burst))
        self.stalls = sorted(chooser.randrange(3000, span) for _ in range(arguments.stall))
        self.noises = sorted(chooser.randrange(3000, span) for _ in range(arguments.noise))
        self.stalled_until = 0
        self.since_answer = 0

    def take(self, now):
        """What may pass now; faults are applied."""
        if now < self.stalled_until or not self.queue:
            self.credit_at = max(self.credit_at, now - 0.02)
            return b""
        if self.rate:
            count = min(len(self.queue), int((now - self.credit_at) * self.rate))
            if count <= 0:
                return b""
            self.credit_at = max(self.credit_at + count / self.rate, now - 0.02)
        else:
            count = min(len(self.queue), 65536)
        piece = bytearray(self.queue[:count])
        del self.queue[:count]
        start, self.passed = self.passed, self.passed + count
        return self.damage(piece, start, now)

    def damage(self, piece, start, now):
        end = start + len(piece)
        edits = []
        for places, kind in ((self.drops, "drop"), (self.flips, "flip"), (self.bursts, "burst"), (self.noises, "noise"),
                             (self.stalls, "stall")):
            while places and places[0] < end:
                edits.append((max(places.pop(0) - start, 0), kind))
        for at, kind in sorted(edits, reverse=True):
            if kind == "drop":
                del piece[at:at + 1]
            elif kind == "flip" and at < len(piece):
                piece[at] ^= 0x55
            elif kind == "burst":
                del piece[at:at + 500]
            elif kind == "noise":
                piece[at:at] = b"\r\n[ 1234.567890] usb 1-1: new high-speed USB device number 4\r\n"
            elif kind == "stall":
                self.stalled_until = now + 2
        return bytes(piece)


class Line:
    def __init__(self, arguments):
        self.arguments = arguments
        self.selector = selectors.DefaultSelector()
        self.master = self.make_terminal(arguments.guest)
        self.selector.register(self.master, selectors.EVENT_READ, "guest")
        self.host = None
        self.host_master = None
        self.listener = None
        self.listen()
        self.to_guest = Direction(arguments, arguments.seed)
        self.to_host = Direction(arguments, arguments.seed + 1)
        self.disconnects = sorted(arguments.disconnect)
        self.agent = None
        self.start_agent()
        self.started = time.monotonic()
        self.killed = False

    def make_terminal(self, link):
        master, slave = os.openpty()
        tty.setraw(slave)
        self.keep = getattr(self, "keep", []) + [slave]  # without it the master reports a hang-up
        os.set_blocking(master, False)
        if os.path.islink(link):
            os.unlink(link)
        os.symlink(os.ttyname(slave), link)
        return master

    def listen(self):
        arguments = self.arguments
        if arguments.pty:
            self.host_master = self.make_terminal(arguments.pty)
            self.host = self.host_master
            self.selector.register(self.host_master, selectors.EVENT_READ, "host")
            return
        if arguments.unix:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(arguments.unix)
        else:
            self.listener = socket.create_server(("127.0.0.1", 0))
            with open(arguments.tcp_file + ".new", "w") as file:
                file.write(f"127.0.0.1:{self.listener.getsockname()[1]}")
            os.rename(arguments.tcp_file + ".new", arguments.tcp_file)
        self.listener.listen(1)
        self.selector.register(self.listener, selectors.EVENT_READ, "listener")

    def start_agent(self):
        if self.arguments.agent:
            command = [word.replace("{}", self.arguments.guest) for word in self.arguments.agent]
            self.agent = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def hang_up(self):
        if isinstance(self.host, socket.socket):
            self.selector.unregister(self.host)
            self.host.close()
            self.host = None
            self.to_guest.queue.clear()

    def read_host(self):
        if self.host is None:
            return  # hung up since the event came
        try:
            data = os.read(self.host, 4096) if self.host is self.host_master else self.host.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.hang_up()
        else:
            self.to_guest.queue += data

    def write(self, name):
        direction, now = (self.to_guest, time.monotonic()) if name == "guest" else (self.to_host, time.monotonic())
        piece = direction.take(now)
        if not piece:
            return
        limit = self.arguments.limit
        if limit and name == "guest":  # everything after so many bytes without an answer is lost
            keep = max(0, limit - direction.since_answer)
            if self.arguments.limit_stalls:  # or it waits for one
                direction.queue[:0] = piece[keep:]
                direction.passed -= len(piece[keep:])
                piece = piece[:keep]
            direction.since_answer += len(piece)
            piece = piece[:keep]
        elif limit:
            self.to_guest.since_answer = 0
        while piece:
            try:
                if name == "guest":
                    sent = os.write(self.master, piece)
                elif self.host is None:
                    return  # bytes to nobody are lost, as with a device model
                elif self.host is self.host_master:
                    sent = os.write(self.host, piece)
                else:
                    sent = self.host.send(piece)
                piece = piece[sent:]
            except BlockingIOError:
                time.sleep(0.001)
            except OSError:
                self.hang_up()
                return
        if name == "host" and self.disconnects and direction.passed + self.to_guest.passed >= self.disconnects[0]:
            self.disconnects.pop(0)
            self.hang_up()
        if name == "guest" and self.disconnects and direction.passed + self.to_host.passed >= self.disconnects[0]:
            self.disconnects.pop(0)
            self.hang_up()

    def tend_agent(self):
        arguments = self.arguments
        if self.agent and arguments.kill_at and not self.killed and \
                self.to_guest.passed + self.to_host.passed >= arguments.kill_at:
            self.killed = True
            self.agent.kill()
            self.agent.wait()
            time.sleep(arguments.restart_after)
            self.to_guest.queue.clear()
            self.to_host.queue.clear()
            if arguments.boot_text:
                self.to_host.queue += b"\r\nSeaBIOS (version 1.16)\r\n[    0.000000] Linux version 6.1\r\n"
            self.start_agent()

    def run(self):
        while True:
            # What waits for the line waits here, so that a full line pushes back as a real one does.
            busy = self.to_guest.queue or self.to_host.queue
            for key, _ in self.selector.select(0.002 if busy else 0.2):
                if key.data == "listener":
                    peer, _ = self.listener.accept()
                    if self.host is not None:
                        peer.close()
                        continue
                    peer.setblocking(False)
                    if peer.family == socket.AF_INET:
                        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self.host = peer
                    self.selector.register(peer, selectors.EVENT_READ, "host")
                elif key.data == "host" and len(self.to_guest.queue) < 65536:
                    self.read_host()
                elif key.data == "guest" and len(self.to_host.queue) < 4096:
                    try:
                        self.to_host.queue += os.read(self.master, 4096)
                    except BlockingIOError:
                        pass
            self.write("guest")
            self.write("host")
            self.tend_agent()
            if self.to_guest.queue or self.to_host.queue:
                time.sleep(0.001 if self.arguments.rate else 0)


def main():
    words = sys.argv[1:]
    agent = []
    if "--" in words:
        agent = words[words.index("--") + 1:]
        words = words[:words.index("--")]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--guest", required=True)
    parser.add_argument("--tcp-file")
    parser.add_argument("--unix")
    parser.add_argument("--pty")
    parser.add_argument("--rate", type=int, default=11520, help="bytes a second; 0 is as fast as it goes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--span", type=int, default=60000, help="faults are spread over so many bytes")
    for fault in ("drop", "corrupt", "burst", "stall", "noise"):
        parser.add_argument("--" + fault, type=int, default=0, metavar="N")
    parser.add_argument("--disconnect", type=int, action="append", default=[], metavar="BYTES")
    parser.add_argument("--limit", type=int, default=0, help="lose what comes after so many bytes without an answer")
    parser.add_argument("--limit-stalls", action="store_true", help="it is not lost, but held until an answer comes")
    parser.add_argument("--kill-at", type=int, default=0, metavar="BYTES")
    parser.add_argument("--restart-after", type=float, default=1.0, metavar="SECONDS")
    parser.add_argument("--boot-text", action="store_true")
    arguments = parser.parse_args(words)
    arguments.agent = agent
    line = Line(arguments)

    def finish(*_):
        if line.agent:
            line.agent.kill()
        sys.exit(0)

    signal.signal(signal.SIGTERM, finish)
    signal.signal(signal.SIGINT, finish)
    line.run()


if __name__ == "__main__":
    main()
