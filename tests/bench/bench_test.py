#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark runner measures what it says and notices what is over a limit. Argument: the measuring program."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
import bench  # noqa: E402
from definitions import Benchmark  # noqa: E402

MEASURE = sys.argv.pop() if len(sys.argv) > 1 and not sys.argv[-1].startswith("-") else ""


class Measuring(unittest.TestCase):
    def setUp(self):
        if not MEASURE:
            self.skipTest("needs the measuring program")

    def test_wall_time_and_processor_time(self):
        run = bench.measure(MEASURE, ["sleep", "0.2"])
        self.assertGreaterEqual(run.wall, 0.2)
        self.assertLess(run.cpu, 0.1)
        busy = bench.measure(MEASURE, [sys.executable, "-c", "sum(range(3000000))"])
        self.assertGreater(busy.cpu, 0.02)

    def test_memory_is_that_of_the_command(self):
        self.assertLess(bench.measure(MEASURE, ["true"]).rss, 5)
        self.assertGreater(bench.measure(MEASURE, [sys.executable, "-c", "b'x' * (64 << 20)"]).rss, 64)

    def test_pipelines(self):
        self.assertGreaterEqual(bench.measure(MEASURE, ["sh", "-c", "sleep 0.1 | true"]).wall, 0.1)

    def test_failing_commands_are_errors(self):
        for command in (["false"], ["/no/such/program"], ["sh", "-c", "kill -9 $$"]):
            with self.assertRaises(RuntimeError):
                bench.measure(MEASURE, command)

    def test_pairs(self):
        with tempfile.NamedTemporaryFile() as log:
            ours, peer = (["sh", "-c", f"printf {name} >>{log.name}"] for name in "AB")
            mine, theirs = bench.paired(MEASURE, ours, peer, 3)
            self.assertEqual(pathlib.Path(log.name).read_text(encoding="utf-8"), "ABABABAB")
            self.assertEqual((len(mine), len(theirs)), (3, 3))


class Verdicts(unittest.TestCase):
    @staticmethod
    def result(ours, peer, **limits):
        runs = [[bench.Run(wall, wall, 10) for wall in walls] for walls in (ours, peer)]
        return bench.Result(Benchmark("x", ["a"], ["b"], **limits), *runs)

    def test_ratio(self):
        self.assertTrue(self.result([1.4, 9, 1.4], [1, 1, 1], limit=1.5).ok())
        self.assertFalse(self.result([1.6, 1, 1.6], [1, 1, 1], limit=1.5).ok())

    def test_difference(self):
        self.assertTrue(self.result([0.011], [0.002], limit=10, kind="ms").ok())
        self.assertFalse(self.result([0.013], [0.002], limit=10, kind="ms").ok())

    def test_memory(self):
        self.assertFalse(self.result([1], [1], limit=1.5, rss=9).ok())
        self.assertTrue(self.result([1], [1], limit=1.5, rss=11).ok())

    def test_row(self):
        self.assertIn("**over**", self.result([2], [1], limit=1.5).row())
        self.assertIn("| ok |", self.result([2], [1], limit=0, kind="none").row())


class Making(unittest.TestCase):
    def test_inputs_are_made_once(self):
        with tempfile.TemporaryDirectory(prefix="bench inputs ") as folder:
            inputs = bench.Inputs(pathlib.Path(folder), "2M")
            path = pathlib.Path(inputs.get("sha1.xva"))
            self.assertIn(b".checksum", path.read_bytes())
            stamp = path.stat().st_mtime_ns
            self.assertEqual(pathlib.Path(inputs.get("sha1.xva")).stat().st_mtime_ns, stamp)


if __name__ == "__main__":
    unittest.main()
