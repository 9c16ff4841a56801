#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures our tools against peers on the same work, in pairs: ours, peer, ours, peer...

    ./dev bench                 everything; fails where a limit is exceeded
    ./dev bench verify          only benchmarks whose names contain "verify"
    ./dev bench --write         and keep the table in tests/bench/results.md
"""
import argparse
import dataclasses
import datetime
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
import definitions  # noqa: E402
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
from xvamaker import sources  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAKE_XVA = ROOT / "tests/tools/make_xva.py"
MAKE_LARGE = ROOT / "tests/tools/make_large_xva.py"
MAKE_DISK = ROOT / "tests/tools/make_disk.py"


@dataclasses.dataclass
class Run:
    wall: float     # seconds
    cpu: float      # user and system
    rss: float      # MiB


class Inputs:
    """The archives, made when they are first asked for and kept in the scratch folder."""

    def __init__(self, folder, size):
        self.folder, self.size = folder, size
        self.out = folder / "out"   # what commands write; a folder, empty before each run
        folder.mkdir(parents=True, exist_ok=True)

    def clear_out(self):
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()

    def get(self, name):
        path = self.folder / f"{self.size}-{name}"
        if not path.exists():
            print(f"making {path.name}", file=sys.stderr)
            part = path.with_name("part-" + path.name)
            self.make(name, part)
            part.rename(path)
        return str(path)

    def make(self, name, path):
        """A disk with an MBR, then a big one: a quarter of each chunk is random, the rest is text."""
        if name == "disk.raw":
            subprocess.run([MAKE_DISK, "mbr", path], check=True)
        elif name in ("big.raw", "quarter.raw"):  # the second one has data in a quarter of its chunks
            source = sources.RuleSource(sources.parse_size(self.size), "mixed", every=1 if name == "big.raw" else 4)
            with open(path, "wb") as out:
                for index in source.candidates():
                    out.seek(index * sources.CHUNK)
                    out.write(source.read(index))
                out.truncate(source.size)
        elif name == "large.xva":
            with tempfile.NamedTemporaryFile() as disk:
                os.truncate(disk.name, 100 << 30)
                subprocess.run(["sfdisk", "-q", disk.name], input=b"label: gpt\nstart=2048, size=2048\n", check=True)
                subprocess.run([MAKE_LARGE, disk.name, path], check=True)
        elif name.startswith("one-"):
            subprocess.run([MAKE_XVA, "--disk", f"file={self.get('big.raw')},ref=Ref:2", "--checksum",
                            "sha1" if "sha1" in name else "xxhash", path], check=True)
        elif name.endswith((".gz", ".zst")):
            plain = self.get(name.rpartition(".")[0])
            command = ["igzip", "-1", "-c"] if name.endswith(".gz") else ["zstd", "-q", "-3", "-c"]
            with open(path, "wb") as out:
                subprocess.run([*command, plain], stdout=out, check=True)
        else:
            subprocess.run([MAKE_XVA, "--disk", f"file={self.get('disk.raw')},ref=Ref:1,bootable=1", "--disk",
                            f"mixed={self.size},ref=Ref:2", "--checksum", "sha1" if name.startswith("sha1") else "xxhash",
                            path], check=True)

    def warm(self, name):
        """Into the page cache."""
        with open(self.get(name), "rb", buffering=0) as file:
            while file.read(1 << 20):
                pass


def fill_in(words, tools, inputs):
    """{NAME} is a tool of ours, {OUT} a folder to write to, {ROOT} this tree; all else an input."""
    def replace(found):
        name = found[1]
        if name in ("OUT", "ROOT"):
            return str(inputs.out if name == "OUT" else ROOT)
        return str(tools / name) if (tools / name).exists() else inputs.get(name)

    return [re.sub(r"\{([^}]+)\}", replace, word) for word in words]


def measure(program, command):
    """Runs the command once under the measuring program."""
    read, write = os.pipe()
    try:
        # The result is expected on descriptor 3, whatever number the pipe has here.
        process = subprocess.run([program, *command], pass_fds=[3], preexec_fn=lambda: os.dup2(write, 3),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        os.close(write)
        write = -1
        words = os.read(read, 4096).split()
    finally:
        os.close(read)
        if write >= 0:
            os.close(write)
    if len(words) != 5 or int(words[4]) != 0:
        raise RuntimeError(f"{' '.join(command)}: {process.stderr.decode(errors='replace').strip() or 'failed'}"
                           + (f" (exit {int(words[4])})" if len(words) == 5 else ""))
    wall, user, system, rss, _ = map(int, words)
    return Run(wall / 1e9, (user + system) / 1e6, rss / 1024)


def paired(program, ours, peer, runs, before=lambda: None):
    """([our runs], [the peer's runs]), alternating, after one run of each that does not count."""
    results = ([], [])
    for number in range(runs + 1):
        for command, result in zip((ours, peer), results):
            before()
            run = measure(program, command)
            if number:
                result.append(run)
    return results


@dataclasses.dataclass
class Result:
    benchmark: definitions.Benchmark
    ours: list
    peer: list

    def median(self, which, field):
        return statistics.median(getattr(run, field) for run in getattr(self, which))

    def ratios(self):
        return sorted(mine.wall / theirs.wall for mine, theirs in zip(self.ours, self.peer))

    def ok(self):
        bench = self.benchmark
        good = not bench.rss or max(run.rss for run in self.ours) <= bench.rss
        if bench.kind == "ratio":
            good = good and statistics.median(self.ratios()) <= bench.limit
        elif bench.kind == "ms":
            good = good and self.difference() <= bench.limit
        return good

    def difference(self):
        return 1000 * statistics.median(mine.wall - theirs.wall for mine, theirs in zip(self.ours, self.peer))

    def row(self):
        bench, ratios = self.benchmark, self.ratios()
        limit = {"ratio": f"{bench.limit:g}x", "ms": f"+{bench.limit:g} ms", "none": "-"}[bench.kind]
        if bench.rss:
            limit += f", {bench.rss:g} MiB"
        cells = [bench.name, seconds(self.median("ours", "wall")), seconds(self.median("peer", "wall")),
                 f"{ratios[0]:.2f} **{statistics.median(ratios):.2f}** {ratios[-1]:.2f}", f"{self.difference():+.1f} ms",
                 f"{seconds(self.median('ours', 'cpu'))} / {seconds(self.median('peer', 'cpu'))}",
                 f"{max(run.rss for run in self.ours):.1f} / {max(run.rss for run in self.peer):.1f}", limit,
                 "ok" if self.ok() else "**over**"]
        return "| " + " | ".join(cells) + " |"


HEAD = ("| benchmark | ours | peer | ratio min **median** max | difference | user+sys | peak RSS MiB | limit | |\n"
        "| --- | ---: | ---: | --- | ---: | --- | --- | --- | --- |")


def seconds(value):
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms"


def machine():
    text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"^model name\s*:\s*(.*)$", text, re.MULTILINE)
    return f"{model[1] if model else 'unknown processor'}, {os.cpu_count()} cores, Linux"


def select(arguments):
    tools = sorted(t.name for t in arguments.bin.iterdir() if os.access(t, os.X_OK)) if arguments.bin.is_dir() else []
    chosen = []
    for bench in definitions.BENCHMARKS + [definitions.start_up(tool) for tool in tools]:
        if arguments.names and not any(name in bench.name for name in arguments.names):
            continue
        wanted = set(re.findall(r"\{(xva-[a-z]+|xvm|vifcap|serial-cli|drbl-deploy)\}", " ".join(bench.ours)))
        missing = sorted(wanted - set(tools)) + [program for program in bench.needs if not shutil.which(program)]
        if missing:
            print(f"SKIP {bench.name}: needs {', '.join(missing)}", file=sys.stderr)
        else:
            chosen.append(bench)
    return chosen


def report(results, arguments):
    commands = "\n".join(f"- `{r.benchmark.name}`: `{' '.join(r.benchmark.ours)}` against `{' '.join(r.benchmark.peer)}`"
                         for r in results)
    return (f"# Results of ./dev bench\n\n{datetime.date.today().isoformat()}, {machine()}; {arguments.runs} pairs after a warm-up, "
            f"archives of {arguments.size} in the page cache, medians.\n\n{HEAD}\n" + "\n".join(r.row() for r in results)
            + f"\n\n{commands}\n")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="part of a benchmark's name")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin")
    parser.add_argument("--measure", type=pathlib.Path, help="the measuring program; default: bench/measure beside --bin")
    parser.add_argument("--size", default="2500M", help="of the big disk")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--scratch", type=pathlib.Path, default=ROOT / "build/bench", help="where archives are kept")
    parser.add_argument("--write", action="store_true", help="write tests/bench/results.md")
    arguments = parser.parse_args()
    arguments.bin = arguments.bin.resolve()
    arguments.measure = arguments.measure or arguments.bin.parent / "bench/measure"
    return arguments


def main():
    arguments = parse_arguments()
    inputs = Inputs(arguments.scratch.resolve(), arguments.size)
    results = []
    print(HEAD)
    for bench in select(arguments):
        ours, peer = (fill_in(words, arguments.bin, inputs) for words in (bench.ours, bench.peer))
        for name in re.findall(r"\{([^}]+\.(?:xva|raw)[^}]*)\}", " ".join(bench.ours)):
            if name != "large.xva":  # of which only the headers are read
                inputs.warm(name)
        results.append(Result(bench, *paired(str(arguments.measure), ours, peer, arguments.runs, inputs.clear_out)))
        print(results[-1].row(), flush=True)
    shutil.rmtree(inputs.out, ignore_errors=True)
    if arguments.write and results:
        (ROOT / "tests/bench/results.md").write_text(report(results, arguments), encoding="utf-8")
    return 0 if results and all(result.ok() for result in results) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (RuntimeError, subprocess.CalledProcessError) as error:
        sys.exit(f"bench: {error}")
