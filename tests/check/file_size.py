#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""No C++ or Python file is longer than 400 lines, unless long_files.txt says why ("PATH: REASON")."""
import tree

LIMIT = 400
EXCEPTIONS = "tests/check/long_files.txt"


def main():
    files = tree.arguments(__doc__).tree
    problems, reasons = [], {}
    if EXCEPTIONS in files.names:
        for line in files.text(EXCEPTIONS).splitlines():
            if line.strip() and not line.startswith("#"):
                name, _, reason = line.partition(":")
                reasons[name.strip()] = reason.strip()
    sources = files.matching(r"\.(cpp|hpp|h|c|py)$")
    for name in sources:
        count = len(files.text(name).splitlines())
        if count > LIMIT and not reasons.get(name):
            problems.append(f"{name}: {count} lines; split it, or give a reason in {EXCEPTIONS}")
        elif count <= LIMIT and name in reasons:
            problems.append(f"{EXCEPTIONS}: {name} is no longer long")
    problems += [f"{EXCEPTIONS}: there is no {name}" for name in reasons if name not in sources]
    tree.finish(problems, len(sources))


if __name__ == "__main__":
    main()
