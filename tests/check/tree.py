# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checks share: the files of the tree, and how a verdict is given."""
import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIP = 77


class Tree:
    """The files of a work tree: those that git knows or would add; in a tarball, all but build folders."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        if (self.root / ".git").exists():
            listing = subprocess.run(["git", "-C", self.root, "ls-files", "-z", "-co", "--exclude-standard"],
                                     capture_output=True, check=True).stdout.decode()
            names = [name for name in listing.split("\0") if name]
        else:
            names = [str(p.relative_to(self.root)) for p in self.root.rglob("*")]
            names = [n for n in names if not re.match(r"(build|\.git)/|.*__pycache__", n)]
        self.names = sorted(n for n in names if (self.root / n).is_file())

    def matching(self, expression):
        return [name for name in self.names if re.search(expression, name)]

    def bytes(self, name):
        return (self.root / name).read_bytes()

    def text(self, name):
        return (self.root / name).read_text(encoding="utf-8", errors="replace")


def arguments(description, **more):
    """--root and the given options (name -> help); returns what argparse returns, with tree added."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--root", type=pathlib.Path, default=ROOT)
    for name, text in more.items():
        parser.add_argument(f"--{name}", help=text)
    result = parser.parse_args()
    result.tree = Tree(result.root)
    return result


def finish(problems, checked):
    """Prints the problems and ends the program; checking nothing at all is a problem, too."""
    if not problems and not checked:
        problems = ["there was nothing to check"]
    if problems:
        print("\n".join(problems))
    sys.exit(1 if problems else 0)


def skip(reason):
    print(f"SKIP {pathlib.Path(sys.argv[0]).stem}: {reason}")
    sys.exit(SKIP)
