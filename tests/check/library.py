#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs the library of a build into a scratch folder and uses it as a stranger would: a project that finds it with
find_package(), the same with pkg-config, and the program that the manual shows.

usage: library.py BUILD
"""
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

from install import must, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONSUMER = ROOT / "tests/consumer"
ARCHIVE = ROOT / "tests/data/xva/xapi-23.1-two-disks.xva.zst"


def members():
    """What tar says: a line "SIZE<TAB>NAME" for each entry."""
    plain = subprocess.run(["zstd", "-dcq", ARCHIVE], stdout=subprocess.PIPE, check=True).stdout
    listing = subprocess.run(["tar", "tvf", "-"], input=plain, stdout=subprocess.PIPE, check=True).stdout.decode()
    words = [line.split() for line in listing.splitlines()]
    return "".join(f"{line[2]}\t{line[-1]}\n" for line in words)


def configure(prefix, folder, **variables):
    settings = [f"-D{name}={value}" for name, value in variables.items()]
    return run("cmake", "-G", "Ninja", "-S", CONSUMER, "-B", folder, f"-DCMAKE_PREFIX_PATH={prefix}", *settings)


def with_cmake(prefix, scratch, version):
    problems = []
    result = configure(prefix, scratch / "consumer")
    if result.returncode != 0:
        return [result.stdout + result.stderr]
    if f"xenlab {version}" not in result.stdout:
        problems.append(f"find_package does not say {version}: {result.stdout}")
    if "looked for PkgConfig::HIVEX" in result.stdout or "looked for PkgConfig::ZSTD" not in result.stdout:
        problems.append("find_package looks for what the wanted modules do not link, or not for what they do")
    must("cmake", "--build", scratch / "consumer")
    if must(scratch / "consumer/members", ARCHIVE) != members():
        problems.append("cmake: the members are not those that tar lists")
    for words, settings in (("xenlab has no module nosuch", {"WANTED": "nosuch"}), ("0.0", {"LEAST": "0.0"}),
                            ("99", {"LEAST": "99"})):
        result = configure(prefix, scratch / f"refused-{words[-3:]}", **settings)
        if result.returncode == 0 or words not in result.stderr:
            problems.append(f"find_package({settings}): exit {result.returncode}, {result.stderr}")
    # Without components: all modules, and with them all packages.
    result = configure(prefix, scratch / "all", WANTED="")
    if result.returncode != 0 or "looked for PkgConfig::HIVEX" not in result.stdout:
        problems.append(f"find_package without components: {result.stdout}{result.stderr}")
    return problems


def with_pkg_config(prefix, scratch, version):
    problems = []
    folder, = prefix.rglob("xenlab.pc")
    environment = {**os.environ, "PKG_CONFIG_PATH": str(folder.parent)}

    def ask(*words):
        return shlex.split(must("pkg-config", *words, env=environment))

    if ask("--modversion", "xenlab") != [version]:
        problems.append("pkg-config has another version")
    for name in sorted(path.stem for path in folder.parent.glob("xenlab*.pc")):
        ask("--print-errors", "--exists", name)  # and everything it requires
    for name, modules in (("all", ["xenlab"]), ("some", ["xenlab-disksrc", "xenlab-tar"])):
        program = scratch / f"members-{name}"
        must("g++", "-std=c++20", "-o", program, CONSUMER / "main.cpp", *ask("--cflags", "--libs", *modules))
        if must(program, ARCHIVE) != members():
            problems.append(f"pkg-config {name}: the members are not those that tar lists")
    must("g++", "-o", scratch / "version", CONSUMER / "version.cpp", *ask("--cflags", "xenlab"))
    if must(scratch / "version").strip() != version:
        problems.append("xenlab/version.hpp has another version")
    return problems


def the_manual():
    """The program in xenlab(3) is the one that was built here."""
    page = (ROOT / "man/xenlab.3").read_text(encoding="utf-8")
    shown = re.search(r"^\.Bd -literal\n(#include.*?)^\.Ed", page, re.MULTILINE | re.DOTALL)
    program = re.sub(r"^//.*\n", "", (CONSUMER / "main.cpp").read_text(encoding="utf-8"), flags=re.MULTILINE)
    text = shown[1].replace("\\e", "\\").replace("\\-", "-").replace("\\(aq", "'") if shown else ""
    problems = [] if text == program else ["the program in xenlab(3) is not tests/consumer/main.cpp"]
    modules = re.findall(r"^xenlab_add_module\((\w+)", (ROOT / "lib/CMakeLists.txt").read_text(encoding="utf-8"), re.MULTILINE)
    documented = re.findall(r"^\.It Li xenlab::(\w+)", page, re.MULTILINE)
    if sorted(modules) != sorted(documented):
        problems.append(f"xenlab(3) lists other modules: {sorted(set(modules) ^ set(documented))}")
    return problems


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    version = re.search(r"^CMAKE_PROJECT_VERSION:\w+=(.*)$", (build / "CMakeCache.txt").read_text(encoding="utf-8"), re.MULTILINE)[1]
    with tempfile.TemporaryDirectory(prefix="xenlab library ") as folder:
        scratch = pathlib.Path(folder)
        prefix = scratch / "elsewhere"
        must("cmake", "--install", build, "--component", "library", "--prefix", prefix)
        problems = with_cmake(prefix, scratch, version) + with_pkg_config(prefix, scratch, version) + the_manual()
    print("\n".join(problems) or f"xenlab {version} serves a consumer through CMake and pkg-config")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
