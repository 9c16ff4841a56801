#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records volumes as the kernel writes XFS (tests/data/xfs). Needs root, mkfs.xfs and a kernel that mounts what is wanted.

make_xfs.py make NAME RAW        makes the volume NAME: an empty one in the file RAW
make_xfs.py fill NAME FOLDER     makes the tree in FOLDER, where the volume is mounted
make_xfs.py describe FOLDER      prints what the mounted volume shows, a line a file: kind, mode, links, uid, gid, size,
                                 seconds, nanoseconds, SHA-256 or target or device, path
make_xfs.py record OUT NAME...   does it all by a loop device: OUT/NAME.raw.zst and OUT/NAME.files.zst; for v5 also
                                 v5-dirty.raw.zst, cut off from its log in the middle of work
"""
import hashlib
import os
import socket
import stat
import subprocess
import sys

VOLUMES = {
    # name: (options of mkfs.xfs, features that the tree may use)
    "v5": (["-m", "bigtime=1,reflink=1"], {"reflink", "bigtime"}),
    "v5-small-blocks": (["-b", "size=1024", "-n", "size=8192", "-m", "bigtime=0", "-i", "nrext64=1,size=512"], {"reflink"}),
    "v4": (["-m", "crc=0", "-n", "ftype=0"], set()),
    "v4-512": (["-m", "crc=0", "-b", "size=512", "-n", "size=4096", "-i", "size=256"], set()),
}
BLOCK = 4096


def text(seed, size):
    line = f"{seed} is a line of text, and so is the next.\n".encode()
    return (line * (size // len(line) + 1))[:size]


def write(path, data):
    with open(path, "wb") as out:
        out.write(data)


def fragmented(path, pieces, step=2 * BLOCK):
    """So many extents that they do not fit into the inode."""
    with open(path, "wb") as out:
        for i in range(pieces):
            out.seek(i * step)
            out.write(text(i, BLOCK))
        out.truncate(pieces * step + 12345)


def fill(top, features):
    at = lambda *parts: os.path.join(top, *parts)
    write(at("empty"), b"")
    write(at("small"), b"hello\n")
    write(at("large"), text("large", 700_000))
    with open(at("sparse"), "wb") as out:
        out.seek(5_000_000_000)
        out.write(b"end")
    with open(at("unwritten"), "wb") as out:
        out.write(text("written", 10_000))
        os.posix_fallocate(out.fileno(), 0, 300_000)
    fragmented(at("fragments"), 300)
    for folder, count in {"short": 3, "block": 40, "leaf": 200, "node": 1100}.items():
        os.mkdir(at(folder))
        for i in range(count):
            write(at(folder, f"a file with a name that takes some room {i:05}"), b"x" if i % 100 == 0 else b"")
    os.makedirs(at("tiny", "folder"))
    write(at("tiny", "file"), b"tiny\n")
    os.setxattr(at("tiny"), "user.note", b"short")
    # Entries that were removed leave free space between the others.
    for i in range(0, 200, 3):
        os.unlink(at("leaf", f"a file with a name that takes some room {i:05}"))
    # Two directories that grow in turns lie in many pieces.
    for side in ("left", "right"):
        os.mkdir(at(side))
    for i in range(700):
        for side in ("left", "right"):
            os.link(at("empty"), at(side, f"{i:04}" + side * 40))
    os.symlink("small", at("link"))
    os.symlink("../" * 300 + "x", at("short", "long link"))
    write(at("short", "ünïcode ✓"), b"name\n")
    os.mknod(at("char"), stat.S_IFCHR | 0o620, os.makedev(4, 300))
    os.mknod(at("block device"), stat.S_IFBLK | 0o660, os.makedev(259, 65540))
    os.mkfifo(at("fifo"))
    with socket.socket(socket.AF_UNIX) as s:
        here = os.getcwd()
        os.chdir(top)
        s.bind("socket")
        os.chdir(here)
    # Attributes take room from the data fork.
    for path in ("attributes", "short", "fragments"):
        if path == "attributes":
            write(at(path), text("attr", 50_000))
        os.setxattr(at(path), "user.note", b"n" * 60)
    os.symlink("t" * 40, at("link with attribute"))
    os.setxattr(at("link with attribute"), "trusted.note", b"n" * 100, follow_symlinks=False)
    os.chmod(at("small"), 0o4751)
    os.chown(at("small"), 70000, 4_000_000_000)
    os.link(at("small"), at("short", "hard link"))
    os.utime(at("empty"), ns=(0, -86_400_000_000_001 if "bigtime" in features else -1_000_000_000))
    if "bigtime" in features:
        os.utime(at("large"), ns=(0, 9_000_000_000_123_456_789))
    if "reflink" in features:
        subprocess.run(["cp", "--reflink=always", at("large"), at("reflink")], check=True)


def describe(top):
    lines = []
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            info = os.lstat(path)
            kind = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "symlink", stat.S_IFIFO: "fifo",
                    stat.S_IFCHR: "char", stat.S_IFBLK: "block", stat.S_IFSOCK: "socket"}[stat.S_IFMT(info.st_mode)]
            extra = "-"
            if kind == "file":
                digest = hashlib.sha256()
                with open(path, "rb") as data:
                    if info.st_size < 1 << 30:
                        digest.update(data.read())
                        extra = digest.hexdigest()
            elif kind == "symlink":
                extra = os.readlink(path)
            elif kind in ("char", "block"):
                extra = f"{os.major(info.st_rdev)}:{os.minor(info.st_rdev)}"
            lines.append("\t".join(map(str, [kind, f"{info.st_mode & 0o7777:04o}", info.st_nlink, info.st_uid, info.st_gid,
                                             info.st_size, info.st_mtime_ns // 10**9, info.st_mtime_ns % 10**9, extra,
                                             os.path.relpath(path, top)])))
    return "".join(line + "\n" for line in sorted(lines, key=lambda line: line.split("\t")[-1]))


def run(*command):
    subprocess.run(command, check=True)


def make(name, raw):
    with open(raw, "wb") as image:
        image.truncate(320 << 20)
    run("mkfs.xfs", "-q", "-L", name[:12], *VOLUMES[name][0], raw)


def record(out, names):
    mount = os.path.join(out, "mount")
    os.makedirs(mount, exist_ok=True)
    for name in names:
        raw = os.path.join(out, name + ".raw")
        make(name, raw)
        run("mount", "-o", "loop,noatime", raw, mount)
        try:
            fill(mount, VOLUMES[name][1])
        finally:
            run("umount", mount)
        run("mount", "-o", "loop,ro", raw, mount)
        listing = os.path.join(out, name + ".files")
        with open(listing, "w", encoding="utf-8") as lines:
            lines.write(describe(mount))
        run("umount", mount)
        run("zstd", "-q", "-f", "-19", "--rm", listing)
        run("zstd", "-q", "-f", "-19", "--long=27", raw)
        if name == "v5":
            run("mount", "-o", "loop", raw, mount)
            write(os.path.join(mount, "late"), b"late\n")
            run("xfs_io", "-x", "-c", "shutdown -f", mount)
            run("umount", mount)
            run("zstd", "-q", "-f", "-19", "--long=27", raw, "-o", os.path.join(out, "v5-dirty.raw.zst"))
        os.unlink(raw)
    os.rmdir(mount)


def main():
    verb, *words = sys.argv[1:]
    if verb == "make":
        make(*words)
    elif verb == "fill":
        fill(words[1], VOLUMES[words[0]][1])
    elif verb == "describe":
        sys.stdout.write(describe(words[0]))
    elif verb == "record":
        record(os.path.abspath(words[0]), words[1:])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
