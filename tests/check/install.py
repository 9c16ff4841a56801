#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs a build into a scratch folder and compares the list of files with install.txt: none missing, none extra.

usage: install.py BUILD [--accept]
"""
import os
import pathlib
import subprocess
import sys
import tempfile

MANIFEST = pathlib.Path(__file__).resolve().parent / "install.txt"


def installed(build):
    with tempfile.TemporaryDirectory(prefix="xenlab-install-") as folder:
        result = subprocess.run(["cmake", "--install", build], env={**os.environ, "DESTDIR": folder}, capture_output=True,
                                text=True, check=False)
        if result.returncode != 0:
            sys.exit(result.stdout + result.stderr)
        return sorted(str(p.relative_to(folder)) for p in pathlib.Path(folder).rglob("*") if not p.is_dir())


def compare(expected, actual):
    return [f"missing: {name}" for name in sorted(set(expected) - set(actual))] + \
           [f"not in {MANIFEST.name}: {name}" for name in sorted(set(actual) - set(expected))]


def main():
    names = installed(sys.argv[1])
    if "--accept" in sys.argv:
        MANIFEST.write_text("".join(f"{name}\n" for name in names))
    expected = MANIFEST.read_text().splitlines() if MANIFEST.exists() else []
    problems = compare(expected, names)
    print("\n".join(problems) or f"{len(names)} files, as expected")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
