#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""shellcheck has nothing to say about our shell scripts."""
import re
import shutil
import subprocess

import tree


def main():
    files = tree.arguments(__doc__).tree
    if not shutil.which("shellcheck"):
        tree.skip("needs shellcheck, which is not installed")
    scripts = {name for name in files.names
               if re.match(rb"#!\s*\S*(/|env )(ba|da)?sh\b", files.bytes(name)[:40])} | set(files.matching(r"\.sh$"))
    problems = []
    if scripts:
        result = subprocess.run(["shellcheck", "-x", "-P", "SCRIPTDIR", "--format=gcc", *sorted(scripts)], cwd=files.root,
                                capture_output=True, text=True, check=False)
        # "source $LIB" cannot be followed; everything else counts.
        problems = [line for line in (result.stdout + result.stderr).splitlines() if "[SC1090]" not in line and "[SC1091]" not in line]
    tree.finish(problems, len(scripts))


if __name__ == "__main__":
    main()
