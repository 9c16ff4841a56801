#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version of the project is the same everywhere: CMake, CHANGELOG.md, man pages, --version of every tool, the
files for pkg-config, CMake and CPack that the build has made, and a tag on what is checked out."""
import pathlib
import re
import subprocess

import tree

# What the build makes, and where a version stands in it.
MADE = {"library/*.pc": r"^Version: (.*)$", "library/xenlabConfigVersion.cmake": r'^set\(PACKAGE_VERSION "(.*)"\)$',
        "library/version.hpp": r'^#define XENLAB_VERSION_STRING "(.*)"$', "CPackConfig.cmake": r'^set\(CPACK_PACKAGE_VERSION "(.*)"\)$'}


def find(expression, text):
    found = re.search(expression, text, re.MULTILINE)
    return found[1] if found else "nothing"


def of_tool(binary):
    result = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=60, check=False)
    return find(rf"\A{re.escape(binary.name)} (\S+)\n\Z", result.stdout)


def tags(root):
    """Only tags that name versions: v1.2.3."""
    result = subprocess.run(["git", "-C", root, "tag", "--points-at", "HEAD"], capture_output=True, text=True, check=False)
    return re.findall(r"^v\d.*$", result.stdout, re.MULTILINE)


def main():
    options = tree.arguments(__doc__, build="build folder", tools="their names, separated by commas")
    files = options.tree
    version = find(r"^project\(xenlab VERSION (\S+)", files.text("CMakeLists.txt"))
    places = {"CHANGELOG.md": find(r"^## ([^,\s]+)", files.text("CHANGELOG.md"))}
    for name in files.matching(r"^man/[^/]+\.[1-8]$"):
        places[name] = find(r"^\.Os xenlab (\S+)$", files.text(name))
    if options.build:
        build = pathlib.Path(options.build)
        for pattern, expression in MADE.items():
            for path in sorted(build.glob(pattern)):
                places[str(path.relative_to(build))] = find(expression, path.read_text(encoding="utf-8"))
        for tool in [name for name in (options.tools or "").split(",") if name] + ["serial-agent"]:
            if (build / "bin" / tool).exists():
                places[f"{tool} --version"] = of_tool(build / "bin" / tool)
    problems = [f"{place} has {found}, CMakeLists.txt {version}" for place, found in places.items() if found != version]
    problems += [f"the tag {tag} is on version {version}" for tag in tags(files.root) if tag != f"v{version}"]
    tree.finish(problems, len(places))


if __name__ == "__main__":
    main()
