#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""No file names a path of the machine it was written on, or anything outside the tree."""
import pathlib

import tree

COMMON = {"/", "/tmp", "/home", "/usr", "/usr/src", "/src", "/srv", "/opt", "/var", "/var/tmp", "/mnt", "/build"}
OUTSIDE = [b"../" + b"shared"]


def machine_paths(root):
    """The folder that the tree lies in and the home folder, where they are telling."""
    places = {str(root.parent), str(root)}
    home = str(pathlib.Path.home())
    if home != "/root":  # a guest's disk has that, too
        places.add(home)
    return [place.encode() + b"/" for place in sorted(places - COMMON)]


def main():
    options = tree.arguments(__doc__)
    needles = machine_paths(options.tree.root) + OUTSIDE
    problems = []
    for name in options.tree.names:
        data = options.tree.bytes(name)
        for needle in needles:
            at = data.find(needle)
            if at >= 0:
                problems.append(f"{name}:{data.count(10, 0, at) + 1}: names {needle.decode()}")
    tree.finish(problems, len(options.tree.names))


if __name__ == "__main__":
    main()
