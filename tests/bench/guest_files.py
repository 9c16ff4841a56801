#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the tools for files in guests, in pairs with other people's programs, and counts what a file costs over NBD.

    tests/bench/guest_files.py --bin build/release/bin --write     keeps the table in tests/bench/results-files.md

The peers get the raw disk, since none of them reads an XVA; ours get the archive where the name says so.
"""
import argparse
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
import bench  # noqa: E402

START = 2048  # the partition's first sector
FILES = 100_000


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, **options)


def make_inputs(folder):
    """A disk with an ext4 of 100,000 files and one of 20 MB; an archive of it and of a big one."""
    folder.mkdir(parents=True, exist_ok=True)
    raw, archive = folder / "files.raw", folder / "files.xva"
    if archive.exists():
        return raw, archive
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        tree = pathlib.Path(scratch) / "tree"
        for i in range(FILES):
            if i % 1000 == 0:
                (tree / f"folder{i // 1000:03}").mkdir(parents=True)
            (tree / f"folder{i // 1000:03}" / f"file number {i:06}.txt").write_text(f"{i}\n", encoding="ascii")
        (tree / "big20.bin").write_bytes(os.urandom(20_000_000))
        (tree / "etc").mkdir()
        (tree / "etc/fstab").write_text("/dev/xvda1 / ext4 defaults 0 1\n", encoding="ascii")
        part = pathlib.Path(scratch) / "part"
        with open(part, "wb") as image:
            image.truncate(900 << 20)
        run("mke2fs", "-q", "-t", "ext4", "-N", FILES + 5000, "-d", tree, part)
        with open(raw, "wb") as image:
            image.truncate(902 << 20)
        run("sfdisk", "-q", raw, input=f"start={START}, type=83\n".encode())
        run("dd", f"if={part}", f"of={raw}", "bs=1M", "seek=1", "conv=notrunc,sparse", "status=none")
    run(bench.MAKE_XVA, "--disk", f"file={raw},ref=Ref:1,bootable=1", "--disk", "mixed=2200M,ref=Ref:2", archive)
    return raw, archive


def make_windows(options):
    """A reserved volume and C: with 1000 files and the folders of a Windows, both NTFS; our own tool fills it."""
    raw, put = options.scratch / "windows.raw", str(options.bin / "xva-put")
    if raw.exists():
        return raw
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        scratch = pathlib.Path(scratch)
        (scratch / "boot.ini").write_text("[boot loader]\n", encoding="ascii")
        for name, size in (("reserved", 100), ("system", 1900)):
            with open(scratch / name, "wb") as image:
                image.truncate(size << 20)
            run("mkntfs", "-qFf", scratch / name, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        run(sys.executable, bench.ROOT / "tests/tools/make_hive.py", "new", scratch / "SYSTEM")
        system = str(scratch / "system")
        folders = ["Windows", "Windows/System32", "Windows/System32/config", "Users"]
        run(put, system, *(word for folder in folders for word in ("--mkdir", f"disk:/{folder}")), "--in-place")
        files = [(scratch / "SYSTEM", "Windows/System32/config/SYSTEM"), (scratch / "boot.ini", "boot.ini")]
        files += [(scratch / "boot.ini", f"Users/file number {i:04}") for i in range(1000)]
        run(put, system, *(word for local, path in files for word in (local, f"disk:/{path}")), "--in-place")
        part = options.scratch / "part-windows.raw"
        with open(part, "wb") as image:
            image.truncate(2002 << 20)
        run("sfdisk", "-q", part, input=b"start=2048, size=204800, type=7\nstart=206848, type=7\n")
        for name, at in (("reserved", 1), ("system", 101)):
            run("dd", f"if={scratch / name}", f"of={part}", "bs=1M", f"seek={at}", "conv=notrunc,sparse", "status=none")
        part.rename(raw)
    return raw


def row(name, ours, peer, limit, good):
    wall = statistics.median(r.wall for r in ours)
    theirs = statistics.median(r.wall for r in peer)
    ratios = sorted(a.wall / b.wall for a, b in zip(ours, peer))
    return (f"| {name} | {bench.seconds(wall)} | {bench.seconds(theirs)} | {ratios[0]:.2f} **{statistics.median(ratios):.2f}** "
            f"{ratios[-1]:.2f} | {max(r.rss for r in ours):.1f} / {max(r.rss for r in peer):.1f} | {limit} | "
            f"{'ok' if good(wall, statistics.median(ratios), max(r.rss for r in ours)) else '**over**'} |")


def timed(options, raw, archive):
    tools, program = options.bin, str(options.measure)
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        ten = pathlib.Path(scratch) / "ten"
        ten.write_bytes(os.urandom(10_000_000))
        target, plain = options.scratch / "put-ours.raw", options.scratch / "put.raw"
        shutil.copyfile(raw, target)
        shutil.copyfile(raw, plain)
        shell = lambda text: ["sh", "-c", text]
        offset = f"{raw}?offset={START * 512}"
        table = [
            ("20 MB of an archive of 3 GiB", [tools / "xva-cat", archive, "p1:/big20.bin"],
             ["debugfs", "-R", "cat /big20.bin", offset], "0.1 s, 32 MiB", lambda wall, ratio, rss: wall < 0.1 and rss < 32),
            ("the same against fcat", [tools / "xva-cat", archive, "p1:/big20.bin"],
             ["fcat", "-o", START, "/big20.bin", raw], "0.1 s, 32 MiB", lambda wall, ratio, rss: wall < 0.1 and rss < 32),
            ("list 100,000 files", [tools / "xva-ls", "-Ra", raw, "p1:/"], ["fls", "-r", "-p", "-o", START, raw], "1.0x",
             lambda wall, ratio, rss: ratio <= 1.0),
            ("list them with size, owner and time", [tools / "xva-ls", "-Ral", raw, "p1:/"],
             ["fls", "-r", "-p", "-l", "-o", START, raw], "1.0x", lambda wall, ratio, rss: ratio <= 1.0),
            ("put 10 MB into a disk in place", [tools / "xva-put", target, ten, "p1:/ten", "--in-place"],
             shell(f"debugfs -w -f /dev/stdin '{plain}?offset={START * 512}' <<END\nrm /ten\nwrite {ten} ten\nEND\nsync '{plain}'"),
             "0.5 s", lambda wall, ratio, rss: wall < 0.5),
        ]
        for name, ours, peer, limit, good in table:
            results = bench.paired(program, [str(w) for w in ours], [str(w) for w in peer], options.runs)
            yield row(name, *results, limit, good)
        target.unlink()
        plain.unlink()


def requests(options, raw, path):
    """(requests, seconds) of one file of a disk behind 20 ms of network."""
    with tempfile.TemporaryDirectory() as scratch:
        log, socket = f"{scratch}/log", f"{scratch}/s"
        server = subprocess.Popen(["nbdkit", "-f", "-U", socket, "-P", f"{scratch}/pid", "--filter=log", "--filter=delay", "file",
                                   raw, f"logfile={log}", "rdelay=20ms"])
        while not os.path.exists(f"{scratch}/pid"):
            if server.poll() is not None:
                raise RuntimeError("nbdkit did not start")
        try:
            result = bench.measure(str(options.measure), [str(options.bin / "xva-cat"), f"nbd+unix:///?socket={socket}", path])
        finally:
            server.terminate()
            server.wait()
        text = pathlib.Path(log).read_text(encoding="utf-8")
    return len(re.findall(r"(?:Read|Extents) id=\d+ offset=", text)), result.wall


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=bench.ROOT / "build/release/bin")
    parser.add_argument("--measure", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--scratch", type=pathlib.Path, default=bench.ROOT / "build/bench")
    parser.add_argument("--write", action="store_true", help="write tests/bench/results-files.md")
    options = parser.parse_args()
    options.bin = options.bin.resolve()
    options.measure = options.measure or options.bin.parent / "bench/measure"
    options.scratch = options.scratch.resolve()
    raw, archive = make_inputs(options.scratch)
    lines = [f"# Files in guests: results of tests/bench/guest_files.py\n\n{datetime.date.today().isoformat()}, {bench.machine()}; "
             f"{options.runs} pairs after a warm-up, page cache, medians.\n\n"
             "| what | ours | peer | ratio min **median** max | peak RSS MiB | limit | |\n| --- | ---: | ---: | --- | --- | --- | --- |"]
    print(lines[0])
    for line in timed(options, raw, archive):
        print(line, flush=True)
        lines.append(line)
    if shutil.which("nbdkit"):
        lines.append("\n| over NBD, 20 ms a request | requests | time | limit | |\n| --- | ---: | ---: | --- | --- |")
        windows = make_windows(options)
        for disk, path in ((raw, "p1:/etc/fstab"), (raw, "/etc/fstab"), (raw, "p1:/folder099/file number 099999.txt"),
                           (windows, "p2:/boot.ini"), (windows, "C:/boot.ini"), (windows, "C:/Users/file number 0777")):
            count, wall = requests(options, disk, path)
            lines.append(f"| {path} | {count} | {bench.seconds(wall)} | 40 | {'ok' if count < 40 else '**over**'} |")
        print("\n".join(lines[-7:]))
    if options.write:
        (bench.ROOT / "tests/bench/results-files.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
