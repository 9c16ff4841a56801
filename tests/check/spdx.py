#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every source file says its licence within its first five lines."""
import tree

LINE = "SPDX-License-Identifier: " + "GPL-3.0-or-later"


def main():
    files = tree.arguments(__doc__).tree
    sources = set(files.matching(r"\.(cpp|hpp|h|c|py|sh|mjs|js|bash|zsh|fish)$"))
    sources |= {name for name in files.names if files.bytes(name)[:2] == b"#!"}
    problems = [f"{name}: no line with {LINE}" for name in sorted(sources)
                if not name.startswith(("tests/data/", "tests/fuzz/corpus/"))
                and LINE not in "\n".join(files.text(name).splitlines()[:5])]
    tree.finish(problems, len(sources))


if __name__ == "__main__":
    main()
