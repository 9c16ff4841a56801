#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures serial-cli against other ways to copy over a serial line, all on the same paced relay.

    tests/bench/serial_bench.py                 everything (ten minutes: a MiB takes 91 s at 115200 baud)
    tests/bench/serial_bench.py latency unpaced only what is named
    tests/bench/serial_bench.py --write         and keep the table in tests/bench/results-serial.md

Shares are of the line rate, 11,520 bytes a second, and of the whole command, start and checksum included.
Peers: zmodem (lrzsz) and base64 typed into a shell. Fails where a limit that we promise is missed.
"""
import argparse
import base64
import dataclasses
import datetime
import hashlib
import os
import pathlib
import pty
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import tty

ROOT = pathlib.Path(__file__).resolve().parents[2]
RELAY = ROOT / "tests/tools/serial_line.py"
LINE_RATE = 11520


@dataclasses.dataclass
class Row:
    name: str
    value: float
    unit: str
    limit: float = 0
    at_least: bool = True
    note: str = ""

    def ok(self):
        return not self.limit or (self.value >= self.limit if self.at_least else self.value <= self.limit)

    def cells(self):
        limit = f"{'>=' if self.at_least else '<'} {self.limit:g}" if self.limit else "-"
        return f"| {self.name} | {self.value:.1f} {self.unit} | {limit} | {self.note} | {'ok' if self.ok() else '**missed**'} |"


class Line:
    """A relay in a folder of its own; `agent` runs behind it, with {} for its terminal."""

    def __init__(self, bench, rate, agent, use_pty=False):
        self.bench = bench
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=bench.scratch))
        guest = str(self.folder / "guest")
        where = ["--pty", str(self.folder / "host")] if use_pty else ["--tcp-file", str(self.folder / "port")]
        self.process = subprocess.Popen([sys.executable, RELAY, "--guest", guest, *where, "--rate", str(rate), "--", *agent],
                                        stderr=subprocess.DEVNULL)
        named = self.folder / ("host" if use_pty else "port")
        while not named.exists():
            time.sleep(0.02)
        self.target = f"pty:{named}" if use_pty else named.read_text()

    def connect(self):
        host, port = self.target.split(":")
        peer = socket.socket()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)  # or the peers would wait for what they queued here
        peer.connect((host, int(port)))
        return peer

    def cli(self, *words, **more):
        return subprocess.run([self.bench.bin / "serial-cli", "-t", self.target, *words], check=True, **more)

    def end(self):
        subprocess.run([self.bench.bin / "serial-cli", "-t", self.target, "broker", "--stop"], check=False,
                       stderr=subprocess.DEVNULL)
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Bench:
    def __init__(self, arguments):
        self.bin, self.size = arguments.bin.resolve(), arguments.size
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="sl"))
        os.environ.update(XDG_RUNTIME_DIR=str(self.scratch), XDG_STATE_HOME=str(self.scratch / "state"))
        self.file = self.scratch / "file"
        self.file.write_bytes(os.urandom(self.size))
        self.agent = [str(self.bin / "serial-agent"), "--port", "{}"]
        self.rows = []

    def add(self, row):
        self.rows.append(row)
        print(row.cells(), flush=True)

    def share(self, seconds):
        return 100 * self.size / seconds / LINE_RATE

    def same(self, path):
        if path.read_bytes() != self.file.read_bytes():
            raise RuntimeError(f"{path}: another content")

    # -- each returns seconds, after having compared what arrived

    def ours(self, direction, rate=LINE_RATE, use_pty=False):
        line = Line(self, rate, self.agent, use_pty)
        line.cli("--attach-timeout", "60s", "ping", stdout=subprocess.DEVNULL)
        there = line.folder / "there"
        began = time.monotonic()
        if direction == "put":
            line.cli("put", self.file, there)
        else:
            line.cli("get", self.file, there)
        seconds = time.monotonic() - began
        self.same(there)
        line.end()
        return seconds

    def zmodem(self, direction):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.scratch))
        far, near = (["rz", "-b", "-q"], ["sz", "-b", "-q", "-w", "32768", str(self.file)])
        if direction == "get":  # a terminal holds the sender back, a socket does not: no window is needed
            far, near = ["sz", "-b", "-q", str(self.file)], far
        line = Line(self, LINE_RATE, ["sh", "-c", 'cd "$1"; shift; exec "$@" <"$0" >"$0"', "{}", str(folder), *far])
        with line.connect() as peer:
            began = time.monotonic()
            subprocess.run(near, stdin=peer, stdout=peer, stderr=subprocess.DEVNULL, cwd=folder, check=True)
            seconds = time.monotonic() - began
        time.sleep(1)
        self.same(folder / "file")
        line.end()
        return seconds

    def shell(self, direction):
        """What people do: base64 through the shell, and a look at the checksum."""
        line = Line(self, LINE_RATE, ["sh", "-c", 'exec sh <"$0" >"$0"', "{}"])
        there = line.folder / "there"
        digest = hashlib.sha256(self.file.read_bytes()).hexdigest().encode()
        with line.connect() as peer:
            began = time.monotonic()
            if direction == "put":
                peer.sendall(f"base64 -d >{there} <<'E'\n".encode() + base64.encodebytes(self.file.read_bytes())
                             + f"E\nsha256sum <{there}\n".encode())
                heard = b""
                while digest not in heard:
                    heard += peer.recv(65536)
            else:
                peer.sendall(f"base64 {self.file}; sha256sum <{self.file}\n".encode())
                heard = b""
                while digest not in heard:
                    heard += peer.recv(65536)
                there.write_bytes(base64.b64decode(heard[:heard.index(digest)]))
            seconds = time.monotonic() - began
        self.same(there)
        line.end()
        return seconds

    # -- what is measured

    def paced(self):
        for direction in ("put", "get"):
            mine = self.ours(direction)
            self.add(Row(f"{direction}, serial-cli", self.share(mine), "% of line rate", 97))
            peers = [("base64", self.shell)]
            if shutil.which("sz"):
                peers.insert(0, ("zmodem", self.zmodem))
            else:
                print("SKIP zmodem: needs lrzsz", file=sys.stderr)
            for name, run in peers:
                theirs = run(direction)
                self.add(Row(f"{direction}, {name}", self.share(theirs), "% of line rate",
                             note=f"serial-cli is {theirs / mine:.2f} times as fast"))

    def unpaced(self):
        small, self.size = self.size, 32 << 20
        self.file.write_bytes(os.urandom(self.size))
        for direction in ("put", "get"):
            seconds = self.ours(direction, 0, True)
            self.add(Row(f"{direction}, unpaced, pty", self.size / seconds / 1e6, "MB/s", 1))
        self.size = small
        self.file.write_bytes(os.urandom(self.size))

    def latency(self):
        line = Line(self, LINE_RATE, self.agent)
        line.cli("--attach-timeout", "60s", "ping", stdout=subprocess.DEVNULL)
        times = []
        for _ in range(30):
            began = time.monotonic()
            line.cli("run", "-n", "--", "true")
            times.append(1000 * (time.monotonic() - began))
        self.add(Row("run -- true, broker warm", statistics.median(times), "ms", 150, False,
                     f"median of 30, most {max(times):.0f}"))
        line.end()

    def echo(self):
        """A key pressed in `run -T` until it comes back, while a copy fills the line."""
        line = Line(self, LINE_RATE, self.agent)
        line.cli("--attach-timeout", "60s", "ping", stdout=subprocess.DEVNULL)
        copies = {"put": ["put", self.file, self.scratch / "copy"], "get": ["get", self.file, "/dev/null"]}
        for direction, words in copies.items():
            copy = subprocess.Popen([self.bin / "serial-cli", "-t", line.target, *words])
            time.sleep(3)
            master, slave = pty.openpty()
            tty.setraw(slave)
            typist = subprocess.Popen([self.bin / "serial-cli", "-t", line.target, "run", "-T", "--", "stty raw -echo; exec cat"],
                                      stdin=slave, stdout=slave, start_new_session=True)
            time.sleep(3)
            times = []
            for number in range(40):
                key = bytes([97 + number % 26])
                began = time.monotonic()
                os.write(master, key)
                while key not in os.read(master, 100):
                    pass
                times.append(1000 * (time.monotonic() - began))
                time.sleep(0.05)
            busy = copy.poll() is None
            self.add(Row(f"echo of a key during {direction}", statistics.median(times), "ms", 50, False,
                         f"median of 40, most {max(times):.0f}" + ("" if busy else "; THE COPY HAD ENDED")))
            for process in (typist, copy):
                process.kill()
                process.wait()
            time.sleep(3)
        line.end()

    def idle(self):
        line = Line(self, LINE_RATE, self.agent)
        line.cli("--attach-timeout", "60s", "ping", stdout=subprocess.DEVNULL)
        line.cli("put", str(self.bin / "serial-agent") if self.size > 4 << 20 else RELAY, line.folder / "x")
        agent = next(int(entry.name) for entry in pathlib.Path("/proc").iterdir() if entry.name.isdigit()
                     and (entry / "cmdline").exists() and str(line.folder).encode() in (entry / "cmdline").read_bytes()
                     and b"serial-agent\0" in (entry / "cmdline").read_bytes().split(b"\0", 1)[0] + b"\0")
        broker = int(line.cli("broker", "--status", "--format", "tsv", capture_output=True, text=True)
                     .stdout.split("\npid\t")[1].split()[0])
        rss = next(int(text.split()[1]) for text in pathlib.Path(f"/proc/{agent}/status").read_text().splitlines()
                   if text.startswith("VmRSS"))
        self.add(Row("memory of the agent", rss / 1024, "MiB", 4, False, "resident, after a copy"))

        def ticks(pid):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            return int(fields[11]) + int(fields[12])

        before = ticks(agent), ticks(broker)
        time.sleep(20)
        after = ticks(agent), ticks(broker)
        for name, used in zip(("agent", "broker"), (after[0] - before[0], after[1] - before[1])):
            self.add(Row(f"processor time of the idle {name}", used * 1000 / os.sysconf("SC_CLK_TCK") / 20, "ms a second", 1, False))
        line.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = ["latency", "unpaced", "idle", "echo", "paced"]
    parser.add_argument("names", nargs="*", choices=[*kinds, []], metavar="NAME", help=", ".join(kinds))
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin")
    parser.add_argument("--size", type=int, default=1 << 20, help="bytes to copy (default 1 MiB)")
    parser.add_argument("--write", action="store_true", help="write tests/bench/results-serial.md")
    arguments = parser.parse_args()
    bench = Bench(arguments)
    head = "| what | measured | promised | | |\n| --- | ---: | ---: | --- | --- |"
    print(head)
    try:
        for name in arguments.names or kinds:
            getattr(bench, name)()
    finally:
        shutil.rmtree(bench.scratch, ignore_errors=True)
    if arguments.write:
        text = (f"# Results of tests/bench/serial_bench.py\n\n{datetime.date.today().isoformat()}, {os.cpu_count()} cores; "
                f"{arguments.size} bytes over a relay that passes {LINE_RATE} bytes a second each way (115200 8N1). "
                f"Shares are of the whole command, checksum included.\n\n{head}\n"
                + "\n".join(row.cells() for row in bench.rows) + "\n")
        (ROOT / "tests/bench/results-serial.md").write_text(text, encoding="utf-8")
    return 0 if all(row.ok() for row in bench.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
