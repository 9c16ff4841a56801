#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds a disk image for a test: make_disk.py RECIPE OUTPUT; make_disk.py --list shows the recipes.

Exits 77 (skip) where a program that the recipe needs is not installed.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
from diskmaker import broken, recipes  # noqa: E402,F401
from diskmaker.image import Missing  # noqa: E402


def main(arguments):
    if arguments == ["--list"]:
        for name, function in recipes.RECIPES.items():
            print(f"{name:22} {(function.__doc__ or '').strip()}".rstrip())
        return 0
    if len(arguments) != 2 or arguments[0] not in recipes.RECIPES:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        recipes.RECIPES[arguments[0]](arguments[1])
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 77
    except (RuntimeError, OSError) as error:
        print(f"make_disk: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
