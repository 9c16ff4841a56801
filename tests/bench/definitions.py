# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured: our command, a peer's command for the same work, and the limit that we promise.

A command is a list of words; {NAME} stands for an input (see bench.py, Inputs), a tool of ours, or {OUT}, an empty folder. The
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
    # To the last sector of an archive of 100,000 chunks: with what an earlier run has kept, and without.
    Benchmark("open-large", ["{xva-mbr}", "{large.xva}"], ["env", "XDG_CACHE_HOME=/dev/null", "{xva-mbr}", "{large.xva}"], 0.2, rss=32),
    # A disk out of its archive, verified. The same bytes are read and written by both; ours are on the disk when it
    # returns, and so are the peer's in the second pair.
    Benchmark("disk-raw", ["{xva-disk}", "{one-xxh64.xva}", "-o", "{OUT}/d"],
              ["cp", "--reflink=never", "{one-xxh64.xva}", "{OUT}/a"], 0, "none", rss=32),
    Benchmark("disk-raw-synced", ["{xva-disk}", "{one-xxh64.xva}", "-o", "{OUT}/d"],
              pipe("cp --reflink=never '{one-xxh64.xva}' '{OUT}/a' && sync '{OUT}/a'"), 1.0, rss=32),
    Benchmark("disk-raw-redirected", pipe("'{xva-disk}' '{one-xxh64.xva}' >'{OUT}/d'"),
              ["cp", "--reflink=never", "{one-xxh64.xva}", "{OUT}/a"], 1.0, rss=32),
    Benchmark("disk-raw-sha1", ["{xva-disk}", "{one-sha1.xva}", "-o", "{OUT}/d"],
              pipe("cd '{OUT}' && tar xf '{one-sha1.xva}' && chmod -R u+rwX . && xva-img -p disk-export Ref:2/ d"), 0.2,
              rss=32, needs=("xva-img", "tar")),
    Benchmark("disk-of-two", ["{xva-disk}", "{xxh64.xva}", "-d", "Ref:2", "-o", "{OUT}/d"],
              ["cp", "--reflink=never", "{xxh64.xva}", "{OUT}/a"], 0, "none", rss=32),
    # Xen Orchestra's writer reads what the disk does not hold, too.
    Benchmark("pack", pipe("'{xva-disk}' --pack --name x '{quarter.raw}' >'{OUT}/a'"),
              pipe("node '{ROOT}/tests/tools/npm/write-xva.mjs' '{quarter.raw}' >'{OUT}/a'"), 0.333, rss=32, needs=("node",)),
    Benchmark("pack-dense", pipe("'{xva-disk}' --pack --name x '{big.raw}' >'{OUT}/a'"),
              pipe("node '{ROOT}/tests/tools/npm/write-xva.mjs' '{big.raw}' >'{OUT}/a'"), 0, "none", rss=32, needs=("node",)),
    # To a client that throws away what it gets; ours also checks every chunk.
    Benchmark("nbd-read", pipe("'{xva-disk}' '{one-xxh64.xva}' --nbd '{OUT}/s' 2>'{OUT}/said' & until [ -s '{OUT}/said' ]; do "
                               "sleep 0.01; done; nbdcopy 'nbd+unix:///?socket={OUT}/s' null: && kill $! && wait"),
              pipe("nbdkit -U - file '{big.raw}' --run 'nbdcopy \"$uri\" null:'"), 1.3, needs=("nbdkit", "nbdcopy")),
]


def start_up(tool):
    return Benchmark(f"start-{tool}", ["{" + tool + "}", "--version"], ["curl", "--version"], 1.5, needs=("curl",))
