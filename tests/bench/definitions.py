# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured: our command, a peer's command for the same work, and the limit that we promise.

A command is a list of words; {NAME} stands for an input (see bench.py, Inputs) or for a tool of ours. The
kinds of limits: "ratio" of wall times, "ms" more than the peer, "rss" in MiB, "none" (only reported).
"""
import dataclasses
import typing


@dataclasses.dataclass
class Benchmark:
    name: str
    ours: typing.List[str]
    peer: typing.List[str]
    limit: float
    kind: str = "ratio"
    rss: float = 0          # MiB that ours may use, 0: not limited
    needs: tuple = ()       # programs of other people


ONE_CORE = ["taskset", "-c", "0"]


def pipe(text):
    return ["sh", "-c", text]


BENCHMARKS = [
    Benchmark("verify-xxh64", ["{xva-verify}", "{xxh64.xva}"], ["xxhsum", "-H64", "{xxh64.xva}"], 1.5, rss=32,
              needs=("xxhsum",)),
    Benchmark("verify-xxh64-pipe", pipe("cat '{xxh64.xva}' | '{xva-verify}' -"), pipe("cat '{xxh64.xva}' | xxhsum -H64 -"),
              0, "none", needs=("xxhsum",)),
    Benchmark("verify-sha1-one-core", [*ONE_CORE, "{xva-verify}", "{sha1.xva}"],
              [*ONE_CORE, "openssl", "sha1", "{sha1.xva}"], 1.2, rss=32, needs=("openssl", "taskset")),
    Benchmark("verify-sha1", ["{xva-verify}", "{sha1.xva}"], ["openssl", "sha1", "{sha1.xva}"], 1.2, rss=32,
              needs=("openssl",)),
    Benchmark("verify-gzip", ["{xva-verify}", "{xxh64.xva.gz}"], ["igzip", "-dc", "{xxh64.xva.gz}"], 1.2, rss=32,
              needs=("igzip",)),
    Benchmark("verify-zstd", ["{xva-verify}", "{xxh64.xva.zst}"], ["zstd", "-dcq", "{xxh64.xva.zst}"], 1.2, rss=32,
              needs=("zstd",)),
    Benchmark("mbr-pipe", pipe("cat '{xxh64.xva}' | '{xva-mbr}' -"), pipe("cat '{xxh64.xva}' | true"), 10, "ms", rss=32),
    Benchmark("mbr-file", ["{xva-mbr}", "{xxh64.xva}"], ["true"], 0, "none", rss=32),
]


def start_up(tool):
    return Benchmark(f"start-{tool}", ["{" + tool + "}", "--version"], ["curl", "--version"], 1.5, needs=("curl",))
