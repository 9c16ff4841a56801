#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what is generated from the tools' own option models: man/TOOL.1 and completions/SHELL/TOOL.

usage: generate.py [--check] SOURCE_DIR BIN_DIR TOOL...

With --check nothing is written; differences are shown and the exit status is 1.
"""
import difflib
import pathlib
import subprocess
import sys

COMPLETIONS = {"bash": "completions/bash/{tool}", "zsh": "completions/zsh/_{tool}",
               "fish": "completions/fish/{tool}.fish"}


def ask(binary, what):
    return subprocess.run([binary, "--generate", what], check=True, text=True,
                          capture_output=True).stdout


def sections(text):
    """'@NAME@' lines open a section; its lines follow."""
    found, name = {}, None
    for line in text.splitlines():
        if line.startswith("@") and line.endswith("@"):
            name = line
            found[name] = []
        else:
            found[name].append(line)
    return {name: "\n".join(lines) for name, lines in found.items()}


def man_page(source, tool, binary):
    page = (source / "man" / f"{tool}.1.in").read_text()
    for name, text in sections(ask(binary, "man")).items():
        if name not in page:
            raise SystemExit(f"man/{tool}.1.in has no line {name}")
        page = page.replace(name, text)
    version = subprocess.run([binary, "--version"], check=True, text=True, capture_output=True).stdout.split()[-1]
    page = page.replace("\n.Os xenlab\n", f"\n.Os xenlab {version}\n")
    note = f".\\\" Made from {tool}.1.in and {tool} --generate man; do not edit.\n"
    return note + page


def main():
    arguments = sys.argv[1:]
    check = arguments[:1] == ["--check"]
    source, binaries, *tools = arguments[1 if check else 0:]
    source = pathlib.Path(source)
    stale = False
    for tool in tools:
        binary = pathlib.Path(binaries) / tool
        wanted = {source / "man" / f"{tool}.1": man_page(source, tool, binary)}
        for shell, place in COMPLETIONS.items():
            wanted[source / place.format(tool=tool)] = ask(binary, shell)
        for path, text in wanted.items():
            now = path.read_text() if path.exists() else ""
            if now == text:
                continue
            stale = True
            if check:
                sys.stdout.writelines(difflib.unified_diff(
                    now.splitlines(True), text.splitlines(True), str(path), "generated"))
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
                print("wrote", path.relative_to(source))
    if check and stale:
        print("These files are stale; run ./dev generate")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
