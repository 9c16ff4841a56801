#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures xvm against the simulated pool, whose every call takes 20 ms more: requests, wall and processor time.

    ./dev bench xvm             everything; fails where a limit is exceeded
    ./dev bench xvm --write     and keep the table in tests/bench/results-xvm.md

The limits are promises (issue of the XAPI library); npm xen-api and xargs -P do the same work beside it.
"""
import argparse
import contextlib
import dataclasses
import datetime
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "tests/sim")]
sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import bench  # noqa: E402
from simtest import Simulator  # noqa: E402

STARTS = 100
PARALLEL = 16
START_SECONDS = 3   # about what a small VM takes on a real host (observed: vm-lifecycle)


@dataclasses.dataclass
class Line:
    """A row of the table; each limit is (what it says, whether it holds)."""
    name: str
    requests: str
    run: bench.Run
    limits: list
    command: str

    def ok(self):
        return all(holds for _, holds in self.limits)

    def row(self):
        verdict = "ok" if self.ok() else "**over**"
        cells = [self.name, self.requests, bench.seconds(self.run.wall), bench.seconds(self.run.cpu),
                 f"{self.run.rss:.1f}", ", ".join(words for words, _ in self.limits) or "-", verdict if self.limits else ""]
        return "| " + " | ".join(cells) + " |"


HEAD = ("| what | requests | wall | user+sys | peak RSS MiB | limit | |\n"
        "| --- | --- | ---: | ---: | ---: | --- | --- |")


class Lab:
    """A simulated pool with the environment in which the tools find it."""

    def __init__(self, stack, measure, *arguments):
        self.measure = measure
        self.folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="xvm bench ")))
        self.log = self.folder / "calls"
        self.pool = stack.enter_context(Simulator("--delay", "20", "--log", str(self.log), *arguments))
        self.seen = 0
        os.environ.update(XENLAB_HOST=self.pool.url[8:], XENLAB_PASSWORD_FILE=self.pool.ready["password_file"])
        for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
            folder = self.folder / name
            folder.mkdir(mode=0o700)
            os.environ[name] = str(folder)

    def calls(self):
        """Those since the last look: dictionaries of the call log."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        fresh, self.seen = lines[self.seen:], len(lines)
        return [json.loads(line) for line in fresh]

    def run(self, *command):
        self.calls()
        return bench.measure(self.measure, [str(word) for word in command])


def median(runs):
    return bench.Run(*(statistics.median(getattr(run, field) for run in runs) for field in ("wall", "cpu")),
                     max(run.rss for run in runs))


def listing(options):
    """xvm ls and completion over 1000 VMs, half of which run."""
    with contextlib.ExitStack() as stack:
        lab = Lab(stack, options.measure, "--vms", "1000", "--running", "500", "--time-scale", "0.05")
        xvm = options.bin / "xvm"
        yield plain_line("ls of 1000 VMs, first login", lab, [xvm, "ls"])
        runs = [lab.run(xvm, "ls") for _ in range(options.runs)]
        count, run = len(lab.calls()), median(runs)
        yield Line("ls of 1000 VMs, login kept", str(count), run, [
            ("4 requests", count <= 4), ("128 MiB", run.rss < 128), ("150 ms user+sys", run.cpu < 0.15)], "xvm ls")
        names = pathlib.Path(os.environ["XDG_RUNTIME_DIR"], "xenlab")
        words = [xvm, "__complete", "start", "vm00"]

        def cold():
            for file in names.glob("*names*"):
                file.unlink()
            return lab.run(*words)

        run = median([cold() for _ in range(options.runs)])
        yield Line("completion, nothing known", str(len(lab.calls())), run, [("300 ms", run.wall < 0.3)], "xvm start vm00<TAB>")
        run = median([lab.run(*words) for _ in range(options.runs)])
        yield Line("completion, names kept", str(len(lab.calls())), run, [("30 ms", run.wall < 0.03)], "xvm start vm00<TAB>")


def plain_line(name, lab, command):
    run = lab.run(*command)
    return Line(name, str(len(lab.calls())), run, [], "xvm ls")


def in_words(calls):
    """Requests in all, of event.from apart."""
    waits = sum(call["method"] == "event.from" for call in calls)
    return f"{len(calls) - waits} + {waits} event.from"


def busiest_second(calls, method):
    times = sorted(call["t"] for call in calls if call["method"] == method)
    return max((sum(start <= t < start + 1 for t in times) for start in times), default=0)


def starting(options, name, command, limits):
    """One way to start 100 VMs, on a pool of its own."""
    with contextlib.ExitStack() as stack:
        lab = Lab(stack, options.measure, "--vms", str(STARTS), "--duration", f"start={START_SECONDS}")
        xvm = options.bin / "xvm"
        lab.run(xvm, "ls")
        lab.calls()
        run = lab.run(*command(lab, xvm))
        calls = lab.calls()
        running = subprocess.run([xvm, "ls", "-q", "-l", "power=running"], check=True, capture_output=True).stdout
        if len(running.split()) != STARTS:
            raise RuntimeError(f"{name}: only {len(running.split())} VMs run")
    own = sum(call["method"] not in ("event.from", "VM.get_all_records_where", "session.login_with_password")
              for call in calls)
    server = -(-STARTS // PARALLEL) * START_SECONDS
    rate = busiest_second(calls, "event.from")
    found = [(f"2 requests a VM ({own / STARTS:g})", own <= 2 * STARTS), (f"20 event.from/s ({rate})", rate <= 20),
             (f"1.3x of the server's {server} s ({run.wall / server:.2f}x)", run.wall <= 1.3 * server)]
    return Line(name, in_words(calls), run, found if limits else [], " ".join(map(str, command(None, "xvm"))))


def through_node(lab, _):
    if lab is None:
        return ["node", "start-many.mjs"]
    return ["node", HERE / "start-many.mjs", ROOT / "build/node_modules", lab.pool.url, "root",
            lab.pool.ready["password_file"], PARALLEL]


def through_xargs(_, xvm):
    return ["sh", "-c", f"'{xvm}' ls -q | xargs -P{PARALLEL} -n1 '{xvm}' start"]


def all_lines(options):
    yield from listing(options)
    yield starting(options, "start of 100 VMs", lambda _, xvm: [xvm, "start", "--all", f"-P{PARALLEL}"], True)
    if shutil.which("node") and (ROOT / "build/node_modules/xen-api").is_dir():
        yield starting(options, "the same through npm xen-api", through_node, False)
    else:
        print("SKIP the same through npm xen-api: needs node and build/node_modules", file=sys.stderr)
    yield starting(options, "the same through xargs -P", through_xargs, False)


def report(lines):
    commands = "\n".join(f"- {line.name}: `{line.command}`" for line in lines)
    return (f"# Results of ./dev bench xvm\n\n{datetime.date.today().isoformat()}, {bench.machine()}. The simulated pool "
            "adds 20 ms to each call and runs on the same cores; records have the size of recorded ones (9 KiB a VM); "
            f"a start takes {START_SECONDS} s.\n\n{HEAD}\n" + "\n".join(line.row() for line in lines) + f"\n\n{commands}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="write tests/bench/results-xvm.md")
    options = parser.parse_args()
    options.bin = options.bin.resolve()
    options.measure = str(options.bin.parent / "bench/measure")
    lines = []
    print(HEAD)
    for line in all_lines(options):
        lines.append(line)
        print(line.row(), flush=True)
    if options.write:
        (HERE / "results-xvm.md").write_text(report(lines), encoding="utf-8")
    return 0 if all(line.ok() for line in lines) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (RuntimeError, subprocess.CalledProcessError) as error:
        sys.exit(f"xvm_bench: {error}")
