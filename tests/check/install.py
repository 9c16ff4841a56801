#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs a build into a scratch folder and compares the list of files with install.txt and, for the headers, with include/:
none missing, none extra.

usage: install.py BUILD [--accept]
"""
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADERS = "usr/include/xenlab/"
MANIFEST = pathlib.Path(__file__).resolve().parent / "install.txt"


def run(*words, **more):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, **more)


def must(*words, **more):
    result = run(*words, **more)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: exit {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def installed(build):
    with tempfile.TemporaryDirectory(prefix="xenlab-install-") as folder:
        must("cmake", "--install", build, env={**os.environ, "DESTDIR": folder})
        return sorted(str(p.relative_to(folder)) for p in pathlib.Path(folder).rglob("*") if not p.is_dir())


def compare(expected, actual):
    return [f"missing: {name}" for name in sorted(set(expected) - set(actual))] + \
           [f"not in {MANIFEST.name}: {name}" for name in sorted(set(actual) - set(expected))]


def expected_files():
    listed = MANIFEST.read_text().splitlines() if MANIFEST.exists() else []
    headers = [f"usr/{path.relative_to(ROOT)}" for path in (ROOT / "include").rglob("*.hpp")]
    return listed + headers + [f"{HEADERS}version.hpp"]


def main():
    names = installed(sys.argv[1])
    if "--accept" in sys.argv:
        MANIFEST.write_text("".join(f"{name}\n" for name in names if not name.startswith(HEADERS)))
    expected = expected_files()
    problems = compare(expected, names)
    print("\n".join(problems) or f"{len(names)} files, as expected")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
