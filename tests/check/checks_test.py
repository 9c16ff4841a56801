#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each check of the tree must fail on a tree that is bad, and pass on one that is good."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SPDX = "// SPDX-License-Identifier: " + "GPL-3.0-or-later\n"
TABLE = """# Architecture
| level | module | owns | builds on |
| --- | --- | --- | --- |
| 0 | base | errors | (fmt) |
| 1 | io | bytes | base |
| 2 | tar | archives | io |
| 2 | block | disks | io |
| 6 | tools/* | options | anything |
"""


class Check(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="checked tree ")
        self.addCleanup(holder.cleanup)
        self.root = pathlib.Path(holder.name) / "tree"
        self.root.mkdir()

    def write(self, name, text, mode=0o644):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def run_check(self, check, *arguments):
        result = subprocess.run([sys.executable, HERE / f"{check}.py", "--root", self.root, *arguments],
                                capture_output=True, text=True, check=False)
        return result.returncode, result.stdout + result.stderr

    def passes(self, check, *arguments):
        code, text = self.run_check(check, *arguments)
        self.assertEqual(code, 0, text)

    def fails(self, check, words, *arguments):
        code, text = self.run_check(check, *arguments)
        self.assertEqual(code, 1, text)
        self.assertIn(words, text)
        self.assertNotIn("Traceback", text)


class Layers(Check):
    def setUp(self):
        super().setUp()
        self.write("ARCHITECTURE.md", TABLE)
        self.write("include/xenlab/tar/reader.hpp", "#include <xenlab/base/error.hpp>\n#include <vector>\n")
        self.write("lib/tar/reader.cpp", '#include "detail.hpp"\n#include <xenlab/io/source.hpp>\n')
        self.write("lib/tar/detail.hpp", "#include <xenlab/tar/reader.hpp>\n")
        self.write("tools/xva-mbr/main.cpp", '#include "options.hpp"\n#include <xenlab/block/device.hpp>\n')
        self.write("tools/xva-mbr/options.hpp", "")

    def test_good_tree(self):
        self.passes("layers")

    def test_edge_that_the_table_does_not_have(self):
        self.write("lib/io/source.cpp", "  #  include <xenlab/tar/reader.hpp>\n")
        self.fails("layers", "io may not build on tar")
        self.write("lib/io/source.cpp", "")
        self.write("include/xenlab/block/device.hpp", "#include <xenlab/tar/reader.hpp>\n")
        self.fails("layers", "block may not build on tar")

    def test_unknown_modules(self):
        self.write("lib/new/x.cpp", "")
        self.fails("layers", "module new is not in the table")
        shutil.rmtree(self.root / "lib/new")
        self.write("tools/xva-mbr/main.cpp", "#include <xenlab/new/x.hpp>\n")
        self.fails("layers", "no module new")

    def test_private_headers(self):
        for text in ('#include "../tar/detail.hpp"\n', '#include "detail.hpp"\n', "#include <lib/tar/detail.hpp>\n"):
            self.write("lib/block/device.cpp", text)
            self.fails("layers", "lib/block/device.cpp")
        self.write("lib/block/device.cpp", "")
        self.write("include/xenlab/tar/reader.hpp", '#include "detail.hpp"\n')
        self.fails("layers", "includes a private one")

    def test_tools_keep_apart(self):
        self.write("tools/xva-verify/main.cpp", '#include "../xva-mbr/options.hpp"\n')
        self.fails("layers", "tools/xva-verify/main.cpp")

    def test_tables(self):
        for line, words in (("| 1 | a | x | b |\n| 1 | b | x | a |", "in a circle"), ("| 1 | a | x | ghost |", "not in the table"),
                            ("| 1 | a | x | tar |", "higher level")):
            self.write("ARCHITECTURE.md", TABLE + line + "\n")
            self.fails("layers", words)
        self.write("ARCHITECTURE.md", "# nothing\n")
        self.fails("layers", "no table")
        (self.root / "ARCHITECTURE.md").unlink()
        self.fails("layers", "no ARCHITECTURE.md")

    def test_cmake(self):
        self.write("lib/CMakeLists.txt", "xenlab_add_module(base)\nxenlab_add_module(tar USES io LINK a::b)\n")
        self.passes("layers")
        self.write("lib/CMakeLists.txt", "xenlab_add_module(io USES base tar LINK a::b)\n")
        self.fails("layers", "io may not use tar")


class Small(Check):
    def test_nothing_to_check_is_a_failure(self):
        for check in ("spdx", "file_size", "shell", "no_leaks"):
            if check == "shell" and not shutil.which("shellcheck"):
                continue
            self.fails(check, "nothing to check")

    def test_spdx(self):
        self.write("lib/a.cpp", SPDX)
        self.write("run", "#!/bin/sh\n# " + SPDX[3:])
        self.passes("spdx")
        self.write("lib/b.hpp", "#pragma once\n")
        self.fails("spdx", "lib/b.hpp")
        (self.root / "lib/b.hpp").unlink()
        self.write("other", "#!/usr/bin/env bash\n")
        self.fails("spdx", "other")

    def test_no_leaks(self):
        self.write("README.md", "as in /etc/fstab and /root/x\n")
        self.passes("no_leaks")
        for text in (f"see {self.root}/x", f"see {self.root.parent}/other", "see ../" + "shared/docs"):
            self.write("README.md", f"first\n{text}\n")
            self.fails("no_leaks", "README.md:2")

    @unittest.skipUnless(shutil.which("shellcheck"), "needs shellcheck")
    def test_shell(self):
        self.write("dev", "#!/usr/bin/env bash\necho \"$1\"\n")
        self.passes("shell")
        self.write("tools/x.sh", "#!/bin/sh\necho $1\n")
        self.fails("shell", "tools/x.sh:2")
        (self.root / "tools/x.sh").unlink()
        self.write("dev", "#!/usr/bin/env bash\ncd $1\n")
        self.fails("shell", "dev:2")

    def test_file_size(self):
        self.write("a.cpp", "x\n" * 400)
        self.passes("file_size")
        self.write("b.py", "x\n" * 401)
        self.fails("file_size", "b.py: 401 lines")
        self.write("tests/check/long_files.txt", "# reasons\nb.py: one table\n")
        self.passes("file_size")
        self.write("tests/check/long_files.txt", "b.py:\n")
        self.fails("file_size", "b.py: 401 lines")
        self.write("tests/check/long_files.txt", "b.py: one table\na.cpp: x\n")
        self.fails("file_size", "no longer long")
        self.write("tests/check/long_files.txt", "b.py: one table\nc.cpp: x\n")
        self.fails("file_size", "there is no c.cpp")

    @unittest.skipUnless(shutil.which("mandoc"), "needs mandoc")
    def test_man_lint(self):
        self.assertEqual(self.run_check("man_lint")[0], 77)
        page = ".Dd November 22, 2026\n.Dt TOOL 1\n.Os\n.Sh NAME\n.Nm tool\n.Nd one line\n.Sh DESCRIPTION\nText.\n"
        self.write("man/tool.1", page)
        self.passes("man_lint")
        self.write("man/tool.1", page + ".Bogus x\n")
        self.fails("man_lint", "tool.1")
        self.write("man/tool.1", page)
        self.write("built/other.1", ".Dd x\n.El\n")
        self.fails("man_lint", "other.1", "--build", str(self.root / "built"))


class Docs(Check):
    def setUp(self):
        super().setUp()
        self.write("bin/xva-mbr", "#!/bin/sh\necho '  -j, --json   x'\necho '  --sfdisk  y'\n", 0o755)
        self.arguments = ["--bin", str(self.root / "bin"), "--tools", "xva-mbr"]

    def test_skips_without_tools(self):
        self.assertEqual(self.run_check("docs")[0], 77)

    def test_readme(self):
        self.write("README.md", "Use --nonsense elsewhere; `xva-mbr --json`.\n```\n$ curl --silent x | xva-mbr --sfdisk - "
                                "| sfdisk --force y\nls --color && sudo xva-mbr --help\nxva-mbr x -- --foreign\n```\n")
        self.passes("docs", *self.arguments)
        for bad in ("```\ncat x | xva-mbr --jsonn -\n```\n", "the option `xva-mbr --table`\n",
                    "```\ntee >(xva-mbr --gone - >&2)\n```\n"):
            self.write("README.md", bad)
            self.fails("docs", "xva-mbr has no --", *self.arguments)

    def test_man_page(self):
        page = ".Sh OPTIONS\n.It Fl -json\n.Bd -literal\ncurl --silent x | xva-mbr --sfdisk -\n.Ed\n.Dl xva-mbr --json x\n"
        self.write("man/xva-mbr.1.in", page)
        self.passes("docs", *self.arguments)
        for bad in (".It Fl -jsonl\n", ".Bd -literal\nxva-mbr \\-\\-raw x\n.Ed\n", ".Dl xva-mbr --bar\n"):
            self.write("man/xva-mbr.1.in", page + bad)
            self.fails("docs", "xva-mbr has no --", *self.arguments)

    def test_tool_without_help(self):
        self.write("README.md", "x\n")
        self.write("bin/xva-mbr", "#!/bin/sh\nexit 1\n", 0o755)
        self.fails("docs", "shows no options", *self.arguments)


class Version(Check):
    def setUp(self):
        super().setUp()
        self.write("CMakeLists.txt", "project(xenlab VERSION 1.2.3 LANGUAGES CXX)\n")
        self.write("CHANGELOG.md", "# Changes\n\n## 1.2.3, unreleased\n")
        self.write("man/tool.1", ".Os xenlab 1.2.3\n")
        self.write("bin/tool", "#!/bin/sh\necho tool 1.2.3\n", 0o755)
        self.arguments = ["--build", str(self.root), "--tools", "tool"]

    def test_same_everywhere(self):
        self.passes("version", *self.arguments)

    def test_each_place(self):
        for name, text, words in (("CHANGELOG.md", "## 1.2.2, 2026-01-01\n", "CHANGELOG.md has 1.2.2"),
                                  ("man/tool.1", ".Os xenlab\n", "man/tool.1 has nothing"),
                                  ("library/xenlab.pc", "Version: 1.2\n", "xenlab.pc has 1.2"),
                                  ("library/xenlabConfigVersion.cmake", 'set(PACKAGE_VERSION "1.2.4")\n', "has 1.2.4"),
                                  ("CPackConfig.cmake", 'set(CPACK_PACKAGE_VERSION "0.1.1")\n', "CPackConfig.cmake has 0.1.1")):
            before = (self.root / name).read_text() if (self.root / name).exists() else None
            self.write(name, text)
            self.fails("version", words, *self.arguments)
            self.write(name, before) if before else (self.root / name).unlink()
        self.write("bin/tool", "#!/bin/sh\necho tool 1.2.30\n", 0o755)
        self.fails("version", "tool --version has 1.2.30", *self.arguments)

    def test_tag(self):
        git = ["git", "-C", str(self.root), "-c", "user.name=t", "-c", "user.email=t@t.example"]
        for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"], ["tag", "v1.2.3"]):
            subprocess.run(git + words, check=True)
        self.passes("version", *self.arguments)
        subprocess.run(git + ["tag", "v1.3.0"], check=True)
        self.fails("version", "tag v1.3.0", *self.arguments)


class Install(unittest.TestCase):
    def test_compare(self):
        sys.path.insert(0, str(HERE))
        import install  # pylint: disable=import-outside-toplevel
        self.assertEqual(install.compare(["a", "b"], ["b", "a"]), [])
        self.assertEqual(install.compare(["a", "b"], ["b", "c"]), ["missing: a", "not in install.txt: c"])


@unittest.skipUnless(shutil.which("cmake") and shutil.which("ninja"), "needs cmake and ninja")
class Headers(Check):
    """xenlab_add_module() makes CMake's header check compile every public header alone."""

    def build(self, header):
        shutil.copytree(HERE.parents[1] / "cmake", self.root / "cmake", dirs_exist_ok=True)
        self.write("CMakeLists.txt", "cmake_minimum_required(VERSION 3.25)\nproject(x CXX)\ninclude(cmake/Xenlab.cmake)\n"
                   "add_library(xenlab_settings INTERFACE)\nadd_library(xenlab::settings ALIAS xenlab_settings)\n"
                   "xenlab_add_module(some)\n")
        self.write("lib/some/some.cpp", "#include <string>\n#include <xenlab/some/some.hpp>\n")
        self.write("include/xenlab/some/some.hpp", header)
        build = self.root / "build"
        subprocess.run(["cmake", "-G", "Ninja", "-S", self.root, "-B", build], check=True, capture_output=True)
        return subprocess.run(["cmake", "--build", build, "--target", "all_verify_interface_header_sets"],
                              capture_output=True, text=True, check=False)

    def test_header_that_needs_another(self):
        good = self.build("#pragma once\n#include <string>\ninline std::string f() { return {}; }\n")
        self.assertEqual(good.returncode, 0, good.stdout)
        bad = self.build("#pragma once\ninline std::string f() { return {}; }\n")
        self.assertNotEqual(bad.returncode, 0)
        self.assertIn("some.hpp", bad.stdout)


if __name__ == "__main__":
    unittest.main()
