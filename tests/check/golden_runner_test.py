#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The golden runner must notice every kind of difference: a runner that always passes proves nothing."""
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

RUNNER = pathlib.Path(__file__).resolve().parents[1] / "cli/run.py"


class GoldenRunner(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="golden runner ")
        self.addCleanup(holder.cleanup)
        self.root = pathlib.Path(holder.name)
        self.folder = self.root / "tests" / "tool"
        self.folder.mkdir(parents=True)
        (self.root / "bin").mkdir()

    def script(self, body, name="case", **companions):
        path = self.folder / f"{name}.sh"
        path.write_text(f"#!/bin/bash\n{body}\n")
        path.chmod(0o755)
        for ending, text in companions.items():
            (self.folder / f"{name}.{ending.replace('_', '.')}").write_text(text)

    def run_tests(self, *arguments, **environment):
        env = {k: v for k, v in os.environ.items() if not k.startswith("XENLAB_")}
        result = subprocess.run(
            [sys.executable, RUNNER, "--tests", self.root / "tests", "--bin", self.root / "bin", *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, env={**env, **environment}, check=False)
        return result.returncode, result.stdout + result.stderr

    def expect(self, status, *words, arguments=(), **environment):
        code, text = self.run_tests(*arguments, **environment)
        self.assertEqual(code, status, text)
        for word in words:
            self.assertIn(word, text)
        return text

    def test_silent_success_passes(self):
        self.script("true")
        self.expect(0, "PASS")

    def test_undeclared_stdout_fails(self):
        self.script("echo surprise")
        self.expect(1, "stdout differs", "+surprise")

    def test_undeclared_stderr_fails(self):
        self.script("echo warning >&2")
        self.expect(1, "stderr differs", "+warning")

    def test_different_stdout_fails_with_a_diff(self):
        self.script("echo two", stdout="one\n")
        self.expect(1, "-one", "+two")

    def test_missing_newline_is_a_difference(self):
        self.script("printf one", stdout="one\n")
        self.expect(1, "no newline")

    def test_missing_stdout_fails(self):
        self.script("true", stdout="one\n")
        self.expect(1, "-one")

    def test_exit_status_must_match(self):
        self.script("exit 7")
        self.expect(1, "exit status 7, expected 0")
        self.script("exit 7", exit="7\n")
        self.expect(0)
        self.script("true", exit="7\n")
        self.expect(1, "exit status 0, expected 7")

    def test_death_by_signal_is_128_plus_signal(self):
        self.script("kill -PIPE $$", exit="141\n")
        self.expect(0)

    def test_glob(self):
        output = "printf 'head\\n1\\n2\\nsize 42 B\\n'"
        self.script(output, stdout_glob="head\n...\nsize * B\n")
        self.expect(0)
        self.script(output, stdout_glob="head\nsize * B\n")
        self.expect(1, "does not match")
        (self.folder / "case.stdout.glob").write_text("...\nsize * MB\n")
        self.expect(1, "does not match")
        (self.folder / "case.stdout.glob").write_text("...\n")
        self.expect(0)

    def test_glob_special_characters_are_literal(self):
        self.script("echo 'a[1]?.'", stdout_glob="a[1]?.\n")
        self.expect(0)
        self.script("echo 'a1xy'")
        self.expect(1)

    def test_ignore(self):
        self.script("echo noise >&2", stderr_ignore="")
        self.expect(0)

    def test_two_companions_for_one_stream_fail(self):
        self.script("echo a", stdout="a\n", stdout_ignore="")
        self.expect(1, "more than one")

    def test_time_out_kills_the_whole_group_and_shows_output(self):
        self.script("echo before; sleep 300 & sleep 300")
        begin = time.monotonic()
        self.expect(1, "killed after 0.5 s", "before", arguments=["--timeout", "0.5"])
        self.assertLess(time.monotonic() - begin, 20)

    def test_time_limit_in_the_header(self):
        self.script("# timeout: 0.4\nsleep 300")
        self.expect(1, "killed after 0.4 s")

    def test_background_child_does_not_delay(self):
        self.script("sleep 300 &")
        begin = time.monotonic()
        self.expect(0)
        self.assertLess(time.monotonic() - begin, 20)

    def test_skip_is_visible_and_has_its_own_status(self):
        self.script('. "$LIB"\nrequires no-such-program-here')
        self.expect(77, "SKIP", "needs no-such-program-here")
        self.script("true", name="other")
        self.expect(0, "1 skip")

    def test_one_failure_among_others_fails(self):
        self.script("true", name="good")
        self.script("false", name="bad")
        self.expect(1, "PASS", "FAIL", "1 fail")

    def test_environment_is_clean(self):
        self.script('[ -z "${NO_COLOR+x}${XENLAB_HOST+x}" ] && [ "$LC_ALL" = C.UTF-8 ] && [ "$(umask)" = 0022 ] &&'
                    ' ! [ -t 0 ] && ! (: </dev/tty) 2>/dev/null && [ "$PWD" = "$SCRATCH" ] && [ -z "$(ls -A)" ]')
        self.expect(0, NO_COLOR="1", XENLAB_HOST="pool", LC_ALL="de_DE.UTF-8")

    def test_tools_of_the_build_come_first(self):
        tool = self.root / "bin" / "ls"
        tool.write_text("#!/bin/sh\necho ours\n")
        tool.chmod(0o755)
        self.script("ls", stdout="ours\n")
        self.expect(0)

    def test_exec_prefix(self):
        tool = self.root / "bin" / "sometool"
        tool.write_text("#!/bin/sh\necho \"$MARK $1\"\n")
        tool.chmod(0o755)
        self.script("sometool x", stdout="wrapped x\n")
        self.expect(1)
        self.expect(0, arguments=["--exec-prefix", "env MARK=wrapped"])

    def test_filter(self):
        self.script("true", name="good")
        self.script("false", name="bad")
        self.expect(0, arguments=["--filter", "tool/goo*"])
        self.expect(1, "no test matches", arguments=["--filter", "none"])

    def test_accept_writes_portable_companions(self):
        self.script('echo "in $SCRATCH/x"; echo oops >&2; exit 3', stdout="old\n")
        self.expect(0, "ACCEPT", arguments=["--accept"])
        self.assertEqual((self.folder / "case.stdout").read_text(), "in $SCRATCH/x\n")
        self.assertEqual((self.folder / "case.stderr").read_text(), "oops\n")
        self.assertEqual((self.folder / "case.exit").read_text(), "3\n")
        self.expect(0, "PASS")
        self.script("true")
        self.expect(0, XENLAB_ACCEPT="1")
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["case.sh"])

    def test_accept_leaves_globs_to_people(self):
        self.script("echo b", stdout_glob="a*\n")
        self.expect(1, "does not match", arguments=["--accept"])
        self.assertEqual((self.folder / "case.stdout.glob").read_text(), "a*\n")

    def test_accept_never_records_a_time_out(self):
        self.script("sleep 300")
        self.expect(1, arguments=["--accept", "--timeout", "0.3"])


if __name__ == "__main__":
    unittest.main()
