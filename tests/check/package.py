#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the Debian packages of a build and looks at them as a distribution and its users would: content, dependencies,
lintian; installed into a scratch root, found by man and the shells, run, and removed without a trace.

usage: package.py BUILD
"""
import gzip
import os
import pathlib
import re
import shutil
import sys
import tempfile

import install
from install import must, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARCHIVE = ROOT / "tests/data/xva/xapi-23.1-two-disks.xva.zst"
NAMES = ("libxenlab-dev", "xenlab")


def make(build, folder):
    """{name: .deb}, in a folder of their own."""
    must("cpack", "--config", build / "CPackConfig.cmake", "-B", folder, env={**os.environ, "SOURCE_DATE_EPOCH": "1764115200"})
    made = {must("dpkg-deb", "-f", deb, "Package").strip(): deb for deb in folder.glob("*.deb")}
    if sorted(made) != sorted(NAMES):
        sys.exit(f"cpack made {sorted(made)}")
    return made


def field(deb, name):
    return must("dpkg-deb", "-f", deb, name).strip()


def depends(deb):
    return {re.split(r"[ (:]", name.strip())[0] for name in re.split(r"[,|]", field(deb, "Depends"))}


def owners(*paths):
    """The installed packages that the files belong to; some own /lib where others own /usr/lib."""
    names = [str(path) for path in paths]
    both = names + [name.removeprefix("/usr") for name in names if name.startswith("/usr/")]
    return {line.split(":")[0] for line in run("dpkg", "-S", *both).stdout.splitlines()}


def fields(debs, version):
    problems = []
    for name, deb in debs.items():
        wanted = {"Version": re.escape(version), "Architecture": "amd64|arm64|[a-z0-9]+", "Maintainer": ".+ <.+@.+>",
                  "Installed-Size": r"\d+", "Section": "admin|libdevel", "Description": r"(?s)\S.{20,}\n .*"}
        problems += [f"{name}: {key}: {field(deb, key)}" for key, form in wanted.items() if not re.fullmatch(form, field(deb, key))]
    return problems


def content(debs):
    """Every installed file is in one of the packages, with the right owner and mode."""
    problems, names = [], []
    for name, deb in debs.items():
        for line in must("dpkg-deb", "-c", deb).splitlines():
            mode, owner, _, _, _, path = line.split(None, 5)
            executable = "/bin/" in path or path.startswith("./usr/lib/xenlab/")
            path = path.split(" -> ")[0]
            wanted = {"d": "drwxr-xr-x", "l": "lrwxrwxrwx"}.get(mode[0], "-rwxr-xr-x" if executable else "-rw-r--r--")
            if mode != wanted or owner != "root/root":
                problems.append(f"{name}: {line}")
            if mode[0] != "d":
                names.append(path.removeprefix("./"))
    expected = install.expected_files()
    return problems + [f"not in one package: {path}" for path in sorted(set(expected) ^ set(names))] + \
        [f"in both packages: {path}" for path in sorted({path for path in names if names.count(path) > 1})]


def dependencies(debs, trees):
    """What the files need is what the packages say, found another way than the packages were made."""
    problems, said = [], depends(debs["xenlab"])
    for program in sorted((trees["xenlab"] / "usr/bin").iterdir()):
        needed = re.findall(r"NEEDED\s+(\S+)", run("objdump", "-p", program).stdout)
        found = dict(re.findall(r"^\s*(\S+) => (/\S+)", run("ldd", program).stdout, re.MULTILINE))
        wanted = owners(*[pathlib.Path(found[name]).resolve() for name in needed if name in found])
        if needed and not wanted:
            problems.append(f"{program.name}: nothing is known of {needed}")
        problems += [f"{program.name} needs {name}, which xenlab does not depend on" for name in sorted(wanted - said)]
    problems += [] if "libcurl4" in said else ["xenlab does not depend on libcurl4, which it loads"]
    headers = depends(debs["libxenlab-dev"])
    wanted = set()
    for pc in (trees["libxenlab-dev"] / "usr/lib").rglob("*.pc"):
        requires = re.search(r"^Requires: (.*)$", pc.read_text(encoding="utf-8"), re.MULTILINE)[1]
        wanted |= {word.split()[0] for word in requires.split(",") if word.strip() and not word.strip().startswith("xenlab")}
    folders = must("pkg-config", "--variable", "pc_path", "pkg-config").strip().split(":")
    files = {name: [path for path in (pathlib.Path(folder) / f"{name}.pc" for folder in folders) if path.exists()] for name in wanted}
    for name, found in sorted(files.items()):
        package = owners(found[0]) if found else {"nothing"}
        if not package & headers:
            problems.append(f"libxenlab-dev does not depend on {package}, which has {name}.pc")
    return problems


def lintian(debs):
    if not shutil.which("lintian"):
        print("SKIP package: needs lintian, which is not installed")
        return []
    result = run("lintian", "--allow-root", "--fail-on", "error,warning", *debs.values())
    problems = [] if result.returncode == 0 else [result.stdout + result.stderr]
    for path in (ROOT / "cmake/debian").glob("*.lintian-overrides"):
        lines = path.read_text(encoding="utf-8").splitlines()
        problems += [f"{path.name}: no reason for: {line}" for before, line in zip([""] + lines, lines)
                     if line and not line.startswith("#") and not before.startswith("#")]
    return problems


def documents(trees, version):
    problems = []
    for name, tree in trees.items():
        folder = tree / "usr/share/doc" / name
        changes = gzip.decompress((folder / "changelog.gz").read_bytes()).decode()
        if not changes.startswith(f"xenlab ({version}) "):
            problems.append(f"{name}: the changelog begins with {changes.splitlines()[0]}")
        if "GPL-3" not in (folder / "copyright").read_text(encoding="utf-8"):
            problems.append(f"{name}: no licence")
    return problems


class Root:
    """A system of its own for dpkg, in which the packages of this one count as installed."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "var/lib/dpkg/info").mkdir(parents=True)
        (folder / "var/lib/dpkg/updates").mkdir()
        status = pathlib.Path("/var/lib/dpkg/status").read_text(encoding="utf-8", errors="replace")
        own = re.compile(r"^Package: (lib)?xenlab", re.MULTILINE)
        (folder / "var/lib/dpkg/status").write_text("\n\n".join(p for p in status.split("\n\n") if not own.search(p)), encoding="utf-8")
        for name in pathlib.Path("/var/lib/dpkg/info").glob("*.list"):
            (folder / "var/lib/dpkg/info" / name.name).write_text("")
        self.before = self.files()

    def dpkg(self, *words):
        return must("dpkg", "--force-not-root", "--force-script-chrootless", f"--root={self.folder}", "--log=/dev/null", *words)

    def files(self):
        return {path for path in self.folder.rglob("*") if path.relative_to(self.folder).parts[:3] != ("var", "lib", "dpkg")}


def found_by_the_system(root, tools):
    """man and the completion of each shell, as they look in /usr."""
    problems, share = [], root / "usr/share"
    for page in [*tools, "xenlab", "xenlab-exit-codes"]:
        if not run("man", "-M", share / "man", "-w", page).stdout.endswith(".gz\n"):
            problems.append(f"man does not find {page}")
    data = {**os.environ, "XDG_DATA_DIRS": f"{share}:/usr/share", "HOME": str(root), "XDG_DATA_HOME": str(root / "none"),
            "XDG_CONFIG_HOME": str(root / "none"), "PATH": f"{root}/usr/bin:{os.environ['PATH']}"}
    zsh = share / "zsh/vendor-completions"
    questions = {
        "bash": ["bash", "--norc", "-c", '. /usr/share/bash-completion/bash_completion; _completion_loader "$1"; complete -p "$1"', "-"],
        "zsh": ["zsh", "-fc", f'fpath=({str(zsh)!r} $fpath); autoload -U compinit; compinit -D -u; print $_comps[$1]', "-"],
        "fish": ["fish", "-c", "complete -C \"$argv[1] --vers\""]}
    for shell, words in questions.items():
        if not shutil.which(shell):
            print(f"SKIP package: needs {shell}, which is not installed")
            continue
        for tool in tools:
            answer = run(*words, tool, env=data)
            if tool not in answer.stdout and "--version" not in answer.stdout:
                problems.append(f"{shell} does not complete {tool}: {answer.stdout}{answer.stderr}")
    if shutil.which("zsh") and "/usr/share/zsh/vendor-completions" not in must("zsh", "-fc", "print $fpath").split():
        problems.append("zsh does not look where the completions are")
    return problems


def installed_and_removed(debs, scratch, version):
    root = Root(scratch / "root")
    root.dpkg("-i", *debs.values())
    programs = sorted((root.folder / "usr/bin").iterdir())
    problems = []
    for program in programs:
        if must(program, "--version").split() != [program.name, version]:
            problems.append(f"{program.name} --version: {must(program, '--version')}")
    said = must(root.folder / "usr/bin/xva-verify", ARCHIVE)
    problems += [] if "\tgood\t" in said and "2 disks" in said else [f"xva-verify: {said}"]
    problems += found_by_the_system(root.folder, [p.name for p in programs if p.name != "serial-agent"])
    for path in (root.folder / "none", root.folder / ".cache", root.folder / ".config", root.folder / ".local"):
        shutil.rmtree(path, ignore_errors=True)  # of the shells
    root.dpkg("-P", *debs)
    left = root.files() - root.before
    return problems + [f"left behind: {path.relative_to(root.folder)}" for path in sorted(left)]


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    if not shutil.which("dpkg-deb") or not shutil.which("dpkg-shlibdeps"):
        print("SKIP package: needs dpkg-deb and dpkg-shlibdeps, which are not installed")
        return 0
    version = re.search(r"^CMAKE_PROJECT_VERSION:\w+=(.*)$", (build / "CMakeCache.txt").read_text(encoding="utf-8"), re.MULTILINE)[1]
    with tempfile.TemporaryDirectory(prefix="xenlab-package-") as folder:
        scratch = pathlib.Path(folder)
        debs = make(build, scratch / "made")
        trees = {name: scratch / "tree" / name for name in debs}
        for name, deb in debs.items():
            trees[name].mkdir(parents=True)
            must("dpkg-deb", "-x", deb, trees[name])
        problems = fields(debs, version) + content(debs) + dependencies(debs, trees) + documents(trees, version) + lintian(debs)
        problems += installed_and_removed(debs, scratch, version)
    print("\n".join(problems) or f"{' and '.join(NAMES)} {version}: as they should be")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
