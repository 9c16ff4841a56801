#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Golden tests of the command line: runs scripts and compares what a user would see.

A test is an executable script tests/cli/TOOL/BEHAVIOUR.sh. Beside it may lie
    BEHAVIOUR.exit            the expected exit status, when it is not 0
    BEHAVIOUR.stdout          the exact standard output, when it is not empty
    BEHAVIOUR.stdout.glob     or its lines, where * is any text and a line ... is any lines
    BEHAVIOUR.stdout.ignore   or: do not look at it (say why in the script)
    BEHAVIOUR.stderr[...]     the same three for standard error
So a test without companions must exit 0 and print nothing. See tests/cli/README.md.
"""
import argparse
import difflib
import fnmatch
import os
import pathlib
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIP = 77
OUTPUT_LIMIT = 16 << 20
KEPT_ENVIRONMENT = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS", "XENLAB_TEST_")
HEADER = re.compile(r"^#\s*(timeout):\s*(\S+)", re.MULTILINE)


class Collector(threading.Thread):
    """Reads one stream to its end; keeps at most OUTPUT_LIMIT bytes of it."""

    def __init__(self, stream):
        super().__init__(daemon=True)
        self.stream, self.parts, self.size = stream, [], 0
        self.start()

    def run(self):
        while block := os.read(self.stream.fileno(), 1 << 16):
            if self.size < OUTPUT_LIMIT:
                self.parts.append(block)
            self.size += len(block)

    def result(self):
        self.join(5)
        return b"".join(self.parts)


class Test:
    def __init__(self, script, options):
        self.script = script.resolve()
        self.base = self.script.with_suffix("")
        self.name = f"{self.script.parent.name}/{self.base.name}"
        self.options = options
        text = self.script.read_text(encoding="utf-8", errors="replace")
        header = dict(HEADER.findall("\n".join(text.splitlines()[:15])))
        self.limit = float(header.get("timeout", options.timeout))

    def companion(self, ending):
        return self.base.with_name(self.base.name + ending)

    def environment(self, scratch):
        opts = self.options
        env = {k: v for k, v in os.environ.items() if k.startswith(KEPT_ENVIRONMENT)}
        home = scratch / "home"
        path = [str(opts.bin), os.environ.get("PATH", "/usr/bin:/bin"), "/usr/sbin", "/sbin"]
        if opts.exec_prefix:
            path.insert(0, str(self.write_wrappers(scratch / "bin")))
        env.update(
            PATH=":".join(path), HOME=str(home), XDG_CONFIG_HOME=str(home / "config"),
            XDG_CACHE_HOME=str(home / "cache"), XDG_DATA_HOME=str(home / "data"),
            XDG_STATE_HOME=str(home / "state"), XDG_RUNTIME_DIR=str(home / "run"),
            TMPDIR=str(scratch / "tmp"), SCRATCH=str(scratch / "work"), LC_ALL="C.UTF-8", TZ="UTC",
            TERM="xterm-256color", COLUMNS="80", PYTHONDONTWRITEBYTECODE="1", PYTHONUTF8="1",
            ROOT=str(ROOT), DATA=str(opts.data), LIB=str(ROOT / "tests/cli/lib.sh"), BIN=str(opts.bin),
            TOOLS=" ".join(opts.tools))
        for folder in ("home/config", "home/cache", "home/data", "home/state", "home/run", "tmp", "work"):
            (scratch / folder).mkdir(parents=True, exist_ok=True)
        (home / "run").chmod(0o700)
        return env

    def write_wrappers(self, folder):
        folder.mkdir()
        for tool in self.options.bin.iterdir():
            if tool.is_file() and os.access(tool, os.X_OK):
                wrapper = folder / tool.name
                wrapper.write_text(f'#!/bin/sh\nexec {self.options.exec_prefix} {shlex.quote(str(tool))} "$@"\n')
                wrapper.chmod(0o755)
        return folder

    def execute(self, scratch):
        """Returns (status or None after a time-out, stdout, stderr)."""
        env = self.environment(scratch)

        def prepare():
            os.umask(0o022)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        process = subprocess.Popen([str(self.script)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, cwd=scratch / "work", env=env,
                                   start_new_session=True, preexec_fn=prepare)
        out, err = Collector(process.stdout), Collector(process.stderr)
        try:
            status = process.wait(self.limit)
        except subprocess.TimeoutExpired:
            status = None
        try:  # also ends what the script left running in the background
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        if status is not None and status < 0:
            status = 128 - status
        return status, out.result(), err.result()

    def portable(self, data, scratch):
        """Replaces what differs from machine to machine by the name of its variable."""
        places = {"$SCRATCH": scratch / "work", "$TMPDIR": scratch / "tmp", "$HOME": scratch / "home",
                  "$BIN": self.options.bin, "$DATA": self.options.data, "$ROOT": ROOT}
        for name, place in sorted(places.items(), key=lambda item: -len(str(item[1]))):
            data = data.replace(os.fsencode(str(place)), name.encode())
        return data

    def check_stream(self, stream, actual):
        """Returns a description of the difference, or an empty string."""
        exact, glob = self.companion(f".{stream}"), self.companion(f".{stream}.glob")
        ignore = self.companion(f".{stream}.ignore")
        if sum(f.exists() for f in (exact, glob, ignore)) > 1:
            return f"{stream}: more than one of {exact.name}, {glob.name}, {ignore.name}\n"
        if ignore.exists():
            return ""
        if glob.exists():
            pattern = glob.read_text(encoding="utf-8")
            text = actual.decode("utf-8", "backslashreplace")
            if matches(pattern.splitlines(), text.splitlines()):
                return ""
            return f"{stream} does not match {glob.name}:\n" + difference(
                pattern.splitlines(keepends=True), text.splitlines(keepends=True), glob.name, stream)
        expected = exact.read_bytes() if exact.exists() else b""
        if expected == actual:
            return ""
        text = [b.decode("utf-8", "backslashreplace").splitlines(keepends=True) for b in (expected, actual)]
        name = exact.name if exact.exists() else "nothing"
        return f"{stream} differs:\n" + difference(text[0], text[1], name, stream)

    def accept(self, status, outputs):
        """Writes the companions; a glob that does not match is left for a person to edit."""
        write(self.companion(".exit"), b"%d\n" % status if status else b"")
        problem = ""
        for stream, actual in outputs.items():
            if self.companion(f".{stream}.glob").exists():
                problem += self.check_stream(stream, actual)
            elif not self.companion(f".{stream}.ignore").exists():
                write(self.companion(f".{stream}"), actual)
        return problem

    def run(self):
        """Returns (word, text): word is PASS, SKIP, FAIL or ACCEPT."""
        scratch = pathlib.Path(tempfile.mkdtemp(prefix="xenlab-cli-", dir=self.options.scratch)).resolve()
        try:
            status, out, err = self.execute(scratch)
            outputs = {"stdout": self.portable(out, scratch), "stderr": self.portable(err, scratch)}
        finally:
            if not self.options.keep:
                subprocess.run(["chmod", "-R", "u+rwX", str(scratch)], check=False, stderr=subprocess.DEVNULL)
                shutil.rmtree(scratch, ignore_errors=True)
        said = (out + err).decode("utf-8", "backslashreplace").strip()
        if status == SKIP:
            return "SKIP", said or "no reason given"
        if status is None:
            return "FAIL", f"killed after {self.limit:g} s\n--- what it had printed\n{said[-4000:]}\n"
        if self.options.accept:
            problem = self.accept(status, outputs)
            return ("FAIL", problem) if problem else ("ACCEPT", "")
        expected_file = self.companion(".exit")
        expected = int(expected_file.read_text()) if expected_file.exists() else 0
        problem = "" if status == expected else f"exit status {status}, expected {expected}\n"
        for stream, actual in outputs.items():
            problem += self.check_stream(stream, actual)
        if len(out) > OUTPUT_LIMIT or len(err) > OUTPUT_LIMIT:
            problem += f"more than {OUTPUT_LIMIT >> 20} MiB of output\n"
        return ("FAIL", problem) if problem else ("PASS", "")


def write(path, data):
    if data:
        path.write_bytes(data)
    else:
        path.unlink(missing_ok=True)


def matches(pattern, lines):
    """Do the lines match the pattern, where a line ... stands for any number of lines?"""
    expressions = [re.compile(".*".join(re.escape(part) for part in line.split("*"))) for line in pattern]

    def with_empty_gaps(states):
        for state in sorted(states):
            while state < len(pattern) and pattern[state] == "...":
                state += 1
                states.add(state)
        return states

    states = with_empty_gaps({0})  # how much of the pattern the lines so far can have used up
    for line in lines:
        states = with_empty_gaps(
            {s for s in states if s < len(pattern) and pattern[s] == "..."}
            | {s + 1 for s in states if s < len(pattern) and expressions[s].fullmatch(line)})
    return len(pattern) in states


def difference(expected, actual, expected_name, actual_name):
    lines = [line if line.endswith("\n") else line + "  (no newline at the end)\n"
             for line in difflib.unified_diff(expected, actual, expected_name, actual_name)]
    if len(lines) > 200:
        lines = lines[:200] + [f"... {len(lines) - 200} more lines\n"]
    return "".join(lines)


def find_tests(options):
    scripts = [pathlib.Path(s) for s in options.scripts] or sorted(options.tests.glob("*/*.sh"))
    tests = [Test(script, options) for script in scripts]
    if options.filter:
        tests = [t for t in tests if fnmatch.fnmatch(t.name, options.filter)]
    return tests


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scripts", nargs="*", metavar="SCRIPT", help="default: every test")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/dev/bin", help="folder of the tools")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "tests/data")
    parser.add_argument("--tests", type=pathlib.Path, default=ROOT / "tests/cli")
    parser.add_argument("--tools", default="", help="names of the tools that exist, separated by commas")
    parser.add_argument("--accept", action="store_true", default=bool(os.environ.get("XENLAB_ACCEPT")),
                        help="write the companions from what was printed")
    parser.add_argument("--filter", metavar="GLOB", help="only tests whose TOOL/BEHAVIOUR matches")
    parser.add_argument("--exec-prefix", default=os.environ.get("XENLAB_EXEC_PREFIX", ""),
                        help="run each tool under this command, for example 'valgrind -q'")
    parser.add_argument("--timeout", type=float, default=60, help="seconds, unless the script says # timeout: N")
    parser.add_argument("--scratch", type=pathlib.Path, help="parent of the scratch folders")
    parser.add_argument("--keep", action="store_true", help="leave the scratch folders")
    options = parser.parse_args()
    options.bin, options.data = options.bin.resolve(), options.data.resolve()
    options.tools = [t for t in options.tools.replace(";", ",").split(",") if t]
    if not options.tools and options.bin.is_dir():
        options.tools = sorted(t.name for t in options.bin.iterdir() if t.is_file() and os.access(t, os.X_OK))
    return options


def main():
    options = parse_arguments()
    tests = find_tests(options)
    if not tests:
        sys.exit("run.py: no test matches")
    counts = {"PASS": 0, "SKIP": 0, "FAIL": 0, "ACCEPT": 0}
    for test in tests:
        begin = time.monotonic()
        word, text = test.run()
        counts[word] += 1
        print(f"{word:6} {test.name} ({time.monotonic() - begin:.1f} s)" + (f": {text}" if text else ""), flush=True)
    if len(tests) > 1:
        print(", ".join(f"{count} {word.lower()}" for word, count in counts.items() if count))
    if counts["FAIL"]:
        return 1
    return SKIP if counts["SKIP"] == len(tests) else 0


if __name__ == "__main__":
    sys.exit(main())
