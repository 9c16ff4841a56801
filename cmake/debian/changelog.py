#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes CHANGELOG.md as the changelog of a Debian package, compressed.

usage: changelog.py CHANGELOG.md MAINTAINER OUTPUT.gz

A version without a day is dated SOURCE_DATE_EPOCH, or now.
"""
import datetime
import email.utils
import gzip
import os
import re
import sys
import textwrap
import time


def day(text):
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc)
    return datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())), datetime.timezone.utc)


def versions(text):
    """[(version, date, [items])], from "## 1.2.3, DAY" and the items under it."""
    found = []
    for line in text.splitlines():
        head = re.fullmatch(r"## (\d+\.\d+\.\d+), (\S+)", line)
        if head:
            found.append((head[1], day(head[2]), []))
        elif line.startswith("- "):
            found[-1][2].append(line[2:])
        elif line.startswith("  "):
            found[-1][2][-1] += " " + line.strip()
    return found


def debian(text, maintainer):
    entries = []
    for version, date, items in versions(text):
        lines = [f"xenlab ({version}) unstable; urgency=medium", ""]
        for item in items:
            lines += textwrap.wrap(item.replace("`", ""), 76, initial_indent="  * ", subsequent_indent="    ",
                                   break_long_words=False, break_on_hyphens=False)
        entries.append("\n".join([*lines, "", f" -- {maintainer}  {email.utils.format_datetime(date)}", ""]))
    return "\n".join(entries)


def main():
    source, maintainer, output = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        text = debian(file.read(), maintainer)
    with open(output, "wb") as file, gzip.GzipFile("", "wb", 9, file, 0) as packed:
        packed.write(text.encode())


if __name__ == "__main__":
    main()
