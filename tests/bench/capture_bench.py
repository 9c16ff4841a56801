#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures vifcap against "ssh HOST tcpdump -w - >FILE" on the same interface, load and cipher, in pairs.

    ./dev bench capture             fails where a limit is exceeded (limits: LIMITS below)
    ./dev bench capture --write     and keep the tables in tests/bench/results-capture.md

Runs as root, in network and process namespaces of its own: one real sshd on loopback, a veth pair whose host end is
called vif7.0, and a sender behind it. Client, sshd, tcpdump and sender share the machine's cores, as no lab would.
"""
import argparse
import dataclasses
import datetime
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
from capture_bed import (Bed, CIPHER, children_cpu, first_time, has_packet, packets_of_pcap, packets_of_pcapng,  # noqa: E402
                         processes, reap_others, shell, wait_until, zombie)

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOADS = [(1400, 5_000), (1400, 30_000), (1400, 60_000), (64, 50_000), (64, 150_000)]
AT_ONCE = "-U --immediate-mode -s 65456 -B 65536"  # what vifcap has tcpdump do
MODES = [([], AT_ONCE, f"vifcap against ssh h1 tcpdump {AT_ONCE}: packets at once, none lost at the end"),
         (["--buffered"], "", "vifcap --buffered against ssh h1 tcpdump: full buffers of 4 KiB")]
LIMITS = {"cpu": 1.3, "first": 100.0, "reboot": 200.0, "stall": 4.0}  # ratio, ms, ms, MiB more after a longer stall
LOSSLESS = 0.0001       # of what was sent
MORE_LOSS = 0.02        # what two runs of the same program differ by under overload


@dataclasses.dataclass
class Run:
    sent: int
    got: int
    cpu: float          # seconds of client, sshd, shells and tcpdump

    @property
    def loss(self):
        return 1 - self.got / self.sent


def loaded_run(bed, load, seconds, mode, ours):
    """One capture under one load."""
    size, rate = load
    out, err = bed.folder / "out", bed.folder / "err"
    reaped = children_cpu()
    bed.serve()
    with open(out, "wb") as stdout, open(err, "wb") as stderr:
        command = bed.vifcap("-w", "-", *mode[0]) if ours else bed.ssh(mode[1])
        client = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
        word = "is captured" if ours else "listening on"
        wait_until(lambda: word in err.read_text())
        sender = bed.sender(size, rate, seconds)
        sent = int(sender.stdout.read())
        _, _, usage = os.wait4(sender.pid, 0)
        sender.returncode = 0
        time.sleep(1.5)     # tcpdump's buffers of up to a second
        if ours:
            client.send_signal(signal.SIGINT)
        else:
            for process in processes("tcpdump"):
                os.kill(process, signal.SIGINT)
        client.wait()
    bed.stop()
    for name in ("sshd", "tcpdump", "bash", "sh"):
        wait_until(lambda name=name: not [p for p in processes(name) if zombie(p) is False], 20)
    reap_others(bed)
    cpu = children_cpu() - reaped - usage.ru_utime - usage.ru_stime
    if client.returncode != 0:
        raise RuntimeError(err.read_text())
    got = packets_of_pcapng(out) if ours else packets_of_pcap(out)
    return Run(sent, got, cpu)


def loads(bed, arguments):
    rows, ok = [], True
    for mode in MODES:
        more, good = loads_of(bed, arguments, mode)
        rows += more
        ok = ok and good
    return rows, ok


def loads_of(bed, arguments, mode):
    rows, ok = [f"| **{mode[2]}** | | | | | | | |"], True
    print(rows[0], flush=True)
    chosen = [tuple(map(int, load.split(":"))) for load in arguments.loads.split(",") if load] or LOADS
    for size, rate in chosen:
        pairs = []
        for number in range(arguments.runs):
            order = (True, False) if number % 2 == 0 else (False, True)
            pair = {ours: loaded_run(bed, (size, rate), arguments.seconds, mode, ours) for ours in order}
            pairs.append((pair[True], pair[False]))
        mine, peer = ([pair[i] for pair in pairs] for i in (0, 1))
        loss = [statistics.median(run.loss for run in runs) for runs in (mine, peer)]
        cpu = [statistics.median(run.cpu for run in runs) for runs in (mine, peer)]
        ratio = statistics.median(a.cpu / b.cpu for a, b in pairs)
        lossless = loss[1] <= LOSSLESS
        good = (loss[0] <= LOSSLESS if lossless else loss[0] <= loss[1] + MORE_LOSS) and ratio <= LIMITS["cpu"]
        ok = ok and good
        rows.append(f"| UDP {size} B, {rate // 1000}k/s | {statistics.median(run.sent for run in mine) / arguments.seconds:.0f} | "
                    f"{loss[0]:.2%} | {loss[1]:.2%} | {cpu[0]:.2f} s | {cpu[1]:.2f} s | {ratio:.2f} | "
                    f"{'ok' if good else '**over**'} |")
        print(rows[-1], flush=True)
    return rows, ok


def first_packet(bed, ours):
    """Milliseconds from the login to the first packet on standard output."""
    bed.serve()
    sender = bed.sender(100, 1000, 20)
    command = bed.vifcap("-w", "-", "--count", "20") if ours else bed.ssh(AT_ONCE)
    client = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    data = b""
    while True:
        part = os.read(client.stdout.fileno(), 65536)
        stamp = time.monotonic()
        data += part
        if not part or (has_packet(data) if ours else len(data) > 24 + 16):
            break
    wait_until(lambda: bed.accepted)
    for process in (client, sender):
        process.kill()
        process.wait()
    bed.stop()
    bed.server.wait()
    return 1000 * (stamp - bed.accepted[0])


def reboot(bed):
    """Milliseconds from IFF_UP of the next domain's interface to its capture; the VM is known by its uuid."""
    uuid = "3b2a0b7e-0000-4000-8000-000000000007"
    store = bed.folder / "store"
    bed.program("xenstore-read", f"#!/bin/sh\nexec cat \"{store}/$1\" 2>/dev/null\n")

    def domain(number):
        path = store / "local/domain" / str(number)
        path.mkdir(parents=True, exist_ok=True)
        (path / "vm").write_text(f"/vm/{uuid}")

    domain(11)
    bed.nic("vif11.0", 11)
    bed.serve()
    command = bed.vifcap("--vm-uuid", uuid, "-w", "-", interface="")
    client = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=(bed.folder / "err").open("wb"))
    wait_until(lambda: "is captured" in (bed.folder / "err").read_text())
    shell("ip", "link", "del", "vif11.0")
    wait_until(lambda: "is gone" in (bed.folder / "err").read_text())
    time.sleep(0.5)
    domain(12)
    bed.nic("vif12.0", 12, up=False)
    time.sleep(0.3)     # the hotplug script takes its time, too
    # Numbered packets from the moment it is up: the first that was seen tells when.
    bed.up("vif12.0", 12)
    stamp = time.time()
    sender = bed.sender(100, 2000, 2, net=12)
    sender.wait()
    time.sleep(0.5)
    client.send_signal(signal.SIGINT)
    data = client.stdout.read()
    client.wait()
    bed.stop()
    bed.server.wait()
    shell("ip", "link", "del", "vif12.0")
    return 1000 * (first_time(data) - stamp)


def stalled(bed, seconds):
    """(peak MiB, sent, accounted for) of a client whose reader takes nothing for so long."""
    bed.serve()
    err, out = bed.folder / "err", bed.folder / "stalled.json"
    reading, writing = os.pipe()
    client = subprocess.Popen(bed.vifcap("-w", "-"), stdin=subprocess.DEVNULL, stdout=writing, stderr=err.open("wb"))
    os.close(writing)
    wait_until(lambda: "is captured" in err.read_text())
    sender = bed.sender(1400, 15_000, seconds)
    sent = int(sender.stdout.read())
    sender.wait()
    status = pathlib.Path(f"/proc/{client.pid}/status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024
    got = bytearray()

    def drain():
        while part := os.read(reading, 1 << 20):
            got.extend(part)

    thread = threading.Thread(target=drain)
    thread.start()
    time.sleep(3)
    client.send_signal(signal.SIGINT)
    client.wait()
    thread.join()
    os.close(reading)
    out.write_bytes(got)
    bed.stop()
    bed.server.wait()
    words = re.search(r"(\d+) packets from .*: (\d+) received, (\d+) dropped by the kernel, (\d+) lost", err.read_text())
    if not words:
        raise RuntimeError(err.read_text())
    written, _, dropped, lost = map(int, words.groups())
    if written != packets_of_pcapng(out):
        raise RuntimeError("the summary is not what was written")
    return peak, sent, written + dropped + lost


def others(bed, arguments):
    rows, ok = [], True

    def row(name, value, limit, good):
        nonlocal ok
        ok = ok and good
        rows.append(f"| {name} | {value} | {limit} | {'ok' if good else '**over**'} |")
        print(rows[-1], flush=True)

    pairs = [(first_packet(bed, True), first_packet(bed, False)) for _ in range(2 * arguments.runs + 1)]
    mine, peer = (sorted(pair[i] for pair in pairs) for i in (0, 1))
    row("first packet after the login", f"{mine[0]:.0f} **{statistics.median(mine):.0f}** {mine[-1]:.0f} ms "
        f"(ssh: {peer[0]:.0f} **{statistics.median(peer):.0f}** {peer[-1]:.0f} ms)",
        f"{LIMITS['first']:.0f} ms", statistics.median(mine) <= LIMITS["first"])
    again = sorted(reboot(bed) for _ in range(2 * arguments.runs + 1))
    row("capture after IFF_UP of the next domain", f"{again[0]:.0f} **{statistics.median(again):.0f}** {again[-1]:.0f} ms",
        f"{LIMITS['reboot']:.0f} ms", statistics.median(again) <= LIMITS["reboot"])
    (short, *counts_a), (long, *counts_b) = stalled(bed, 2), stalled(bed, 8)
    row("memory behind a reader that stalls for 2 s and 8 s at 15k/s of 1400 B", f"{short:.1f} and {long:.1f} MiB",
        f"+{LIMITS['stall']:g} MiB", long <= short + LIMITS["stall"])
    for sent, accounted in (counts_a, counts_b):
        row("packets sent, and written, dropped or lost by the summary", f"{sent} and {accounted}", "equal", sent == accounted)
    return rows, ok


def machine():
    model = re.search(r"^model name\s*:\s*(.*)$", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    return f"{model[1] if model else 'unknown processor'}, {os.cpu_count()} cores, Linux"


HEAD = ("| load | sent/s | loss ours | loss ssh | CPU ours | CPU ssh | ratio | |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
HEAD_OTHERS = "| what | ours | limit | |\n| --- | --- | --- | --- |"


def measure(arguments):
    tables, ok = [], True
    with tempfile.TemporaryDirectory(prefix="xenlab-capture-") as folder:
        bed = Bed(pathlib.Path(folder), arguments.bin, arguments.bin.parent / "bench/send")
        bed.nic("vif7.0", 7)
        for name, head, function in (("loads", HEAD, loads), ("others", HEAD_OTHERS, others)):
            if arguments.only in ("", name):
                print(head, flush=True)
                rows, good = function(bed, arguments)
                tables.append(head + "\n" + "\n".join(rows) + "\n")
                ok = ok and good
        bed.guest.kill()
    if arguments.write:
        write(tables, arguments)
    return 0 if ok else 1


def write(tables, arguments):
    text = (f"# Results of ./dev bench capture\n\n{datetime.date.today().isoformat()}, {machine()}; `vifcap -w -` against "
            f"`ssh h1 'tcpdump … -w -' >file`, both with {CIPHER}, {arguments.runs} pairs of {arguments.seconds} s, medians. "
            "CPU is that of client, sshd, shells and tcpdump together; sender and receiver run on the same cores.\n\n")
    (ROOT / "tests/bench/results-capture.md").write_text(text + "\n".join(tables), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--only", choices=["", "loads", "others"], default="")
    parser.add_argument("--loads", default="", help="only these, as 1400:5000,64:50000")
    parser.add_argument("--write", action="store_true", help="write tests/bench/results-capture.md")
    arguments = parser.parse_args()
    arguments.bin = arguments.bin.resolve()
    if os.environ.get("XENLAB_BENCH_NETWORK"):
        shell("mount", "-t", "sysfs", "sysfs", "/sys")
        shell("ip", "link", "set", "lo", "up")
        return measure(arguments)
    missing = [program for program in ("sshd", "ssh", "tcpdump", "ip", "unshare") if not shutil.which(program)]
    if os.geteuid() != 0 or missing:
        sys.exit(f"capture_bench: needs root{' and ' if missing else ''}{', '.join(missing)}")
    os.environ["XENLAB_BENCH_NETWORK"] = "1"
    os.execvp("unshare", ["unshare", "-n", "-m", "-p", "--fork", "--kill-child", "--mount-proc", "--propagation", "private",
                          sys.executable, __file__, *sys.argv[1:]])
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (RuntimeError, subprocess.CalledProcessError) as problem:
        sys.exit(f"capture: {problem}")
