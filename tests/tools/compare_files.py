#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""compare_files.py RAW LISTING: whether our tools see on the volume what a kernel saw on it (make_xfs.py describe).
Metadata by xva-ls --json, content by a tar archive of xva-cat. Prints how much of each kind was compared, and every
difference."""
import collections
import hashlib
import json
import subprocess
import sys
import tarfile
from datetime import datetime, timezone


def kernel(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            kind, mode, links, uid, gid, size, seconds, _, extra, name = line.rstrip("\n").split("\t")
            yield name, (kind, mode, int(links), int(uid), int(gid), int(size), int(seconds)), extra


def ours(raw):
    text = subprocess.run(["xva-ls", "-Ra", "--json", raw, "disk:/"], check=True, capture_output=True).stdout
    for item in json.loads(text)["items"]:
        moment = datetime.strptime(item["mtime"][:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
        seconds = int((moment - datetime(1970, 1, 1, tzinfo=timezone.utc)).total_seconds())
        yield item["path"].removeprefix("disk:/"), (item["type"], item["mode"], item["links"], item["uid"], item["gid"],
                                                    item["size"], seconds), item.get("link")


def content(raw, names):
    """SHA-256 of the regular files; the devices."""
    found = {}
    with subprocess.Popen(["xva-cat", raw, "--tar", *(f"disk:/{name}" for name in names)], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as process:
        with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
            for entry in archive:
                if entry.isfile():
                    found[entry.name] = hashlib.sha256(archive.extractfile(entry).read()).hexdigest()
                elif entry.isdev() and not entry.isfifo():
                    found[entry.name] = f"{entry.devmajor}:{entry.devminor}"
    return found


def main():
    raw, listing = sys.argv[1:3]
    theirs = {name: (data, extra) for name, data, extra in kernel(listing)}
    mine = {name: (data, link) for name, data, link in ours(raw)}
    for name in sorted(theirs.keys() ^ mine.keys()):
        print("missing:" if name in theirs else "extra:", name)
    tops = sorted({name.split("/")[0] for name, (data, extra) in theirs.items() if data[0] == "dir" or extra != "-"})
    inside = content(raw, tops)
    compared = collections.Counter()
    for name in sorted(theirs.keys() & mine.keys()):
        (data, extra), (seen, link) = theirs[name], mine[name]
        kind = data[0]
        compared[kind] += 1
        if data != seen:
            print("differs:", name, data, seen)
        if kind == "symlink" and extra != link:
            print("target:", name, extra, link)
        if kind in ("file", "char", "block") and extra != "-" and inside.get(name) != extra:
            print("content:", name, extra, inside.get(name))
    print(", ".join(f"{count} {kind}" for kind, count in sorted(compared.items())))


if __name__ == "__main__":
    main()
