#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""mandoc finds nothing to warn of in our man pages: man/*.[1-8], and the built ones in --build."""
import pathlib
import shutil
import subprocess

import tree


def main():
    options = tree.arguments(__doc__, build="folder of built pages")
    pages = [options.tree.root / name for name in options.tree.matching(r"^man/[^/]+\.[1-8]$")]
    if options.build:
        pages += sorted(pathlib.Path(options.build).glob("*.[1-8]"))
    if not pages:
        tree.skip("there are no pages yet")
    if not shutil.which("mandoc"):
        tree.skip("needs mandoc, which is not installed")
    problems = []
    for page in pages:
        result = subprocess.run(["mandoc", "-Tlint", "-W", "warning", page], capture_output=True, text=True, check=False)
        problems += (result.stdout + result.stderr).splitlines()
    tree.finish(problems, len(pages))


if __name__ == "__main__":
    main()
