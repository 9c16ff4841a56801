#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every recorded exchange of xapi 23.1, replayed against the simulator.

Compared: HTTP status and header names, XML-RPC Status, value types, record
field sets, error codes and parameters, the values that decide what a client
may do, and (vm-lifecycle) the order of events.  accepted-differences.txt
names every difference that is accepted, and why.
"""

import os
import re
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from events_order import Stream, compare_orders  # noqa: E402
from identities import learn_records  # noqa: E402
from recordings import Recordings  # noqa: E402
from replay import Replay  # noqa: E402
from replay_hooks import hooks_for  # noqa: E402
from simtest import Simulator  # noqa: E402

SHARED = os.environ.get("XENLAB_SHARED_DATA", "")
SCENARIOS = (
    "cd empty errors-sessions extra http-limits real-exports sr-vdi suspend-pv vdi-transfer "
    "vdi-vhd-and-export vm-export vm-lifecycle"
).split()
_totals = {"replayed": 0, "accepted": 0, "exchanges": 0, "lab": 0}


def setUpModule():
    """Read the archive once."""
    global RECORDINGS, ACCEPTED, KNOWN
    RECORDINGS = Recordings(SHARED or None)
    every = [e for exchanges in RECORDINGS.scenarios.values() for e in exchanges]
    KNOWN = learn_records(every)
    ACCEPTED = Accepted(os.path.join(HERE, "accepted-differences.txt"))


def tearDownModule():
    """How much was covered, on stderr next to unittest's own lines."""
    print(
        f"replayed {_totals['replayed']} of {_totals['exchanges']} exchanges, "
        f"{_totals['accepted']} accepted differences in {_totals['lab']} exchanges",
        file=sys.stderr,
    )


class Accepted:
    """accepted-differences.txt.

    differs SCENARIO/NNN[-NNN] ASPECT[,ASPECT...]   why
    fault   SCENARIO/NNN[-NNN] SPEC                 why (a [lab] failure made with a fault)
    order   SCENARIO REGEX                          why
    """

    def __init__(self, path):
        self.differs, self.faults, self.orders, self.used = [], {}, [], set()
        with open(path, encoding="utf-8") as text:
            for number, line in enumerate(text, 1):
                line = line.rstrip("\n")
                if not line.strip() or line.startswith("#"):
                    continue
                rule, _, why = line.partition("  # ")
                kind, place, what = rule.split(None, 2)
                if not why.strip():
                    raise ValueError(f"{path}:{number}: no reason given")
                scenario, _, span = place.partition("/")
                if kind == "order":
                    self.orders.append((number, scenario, re.compile(what.strip())))
                    continue
                first, _, last = span.partition("-")
                for n in range(int(first), int(last or first) + 1):
                    if kind == "fault":
                        self.faults.setdefault(f"{scenario}/{n:03d}", []).append(what.strip())
                    else:
                        self.differs.append((number, f"{scenario}/{n:03d}",
                                             set(what.strip().split(","))))

    def accepts(self, difference):
        """Is the difference on the list?"""
        for number, where, aspects in self.differs:
            if where == difference.where and difference.aspect in aspects:
                self.used.add(number)
                return True
        return False

    def accepts_order(self, scenario, text):
        """Is the event order difference on the list?"""
        for number, name, pattern in self.orders:
            if name == scenario and pattern.search(text):
                self.used.add(number)
                return True
        return False

    def unused(self, scenario):
        """Lines about a scenario that no difference needed."""
        lines = {(n, w.partition("/")[0]) for n, w, _ in self.differs}
        lines |= {(n, s) for n, s, _ in self.orders}
        return sorted(n for n, s in lines if s == scenario and n not in self.used)


def options(scenario):
    """How the simulator is started for a scenario."""
    scale = "0.1" if scenario == "vm-lifecycle" else "0.05"
    vms = "2" if scenario == "empty" else "0"
    arguments = ["--hosts", "1", "--vms", vms, "--running", "1", "--time-scale", scale,
                 "--sm-driver", "lab"]
    if scenario == "pool":
        seed = os.path.join(SHARED, "xapidb", "tampa_poolofone_40.xml")
        return ["--hosts", "1", "--time-scale", scale, "--seed", seed]
    return arguments


class ReplayTest(unittest.TestCase):
    """One test per scenario."""

    maxDiff = None

    def replay(self, scenario):
        exchanges = RECORDINGS.scenarios[scenario]
        _totals["exchanges"] += len(exchanges)
        trace = tempfile.NamedTemporaryFile(prefix="trace", suffix=".json")
        self.addCleanup(trace.close)
        with Simulator(*options(scenario), "--trace", trace.name) as simulator:
            replay = Replay(simulator, exchanges, RECORDINGS.extras[scenario],
                            hooks_for(scenario, RECORDINGS), ACCEPTED.faults, KNOWN)
            differences = replay.run()
        _totals["replayed"] += replay.replayed
        self.assertEqual(replay.replayed, len(exchanges))
        open_ = [d for d in differences if not ACCEPTED.accepts(d)]
        accepted = [d for d in differences if d not in open_]
        _totals["accepted"] += len(accepted)
        _totals["lab"] += len({d.where for d in accepted})
        problems = [str(d) for d in open_]
        if scenario == "vm-lifecycle":
            problems += self._orders(scenario, exchanges, trace.name)
        unused = ACCEPTED.unused(scenario)
        if unused:
            problems.append(f"accepted-differences.txt: lines no longer needed: {unused}")
        if problems:
            self.fail(f"{len(problems)} differences\n" + "\n".join(problems))

    @staticmethod
    def _orders(scenario, exchanges, trace):
        recorded = Stream.of_recording(exchanges)
        found = compare_orders(recorded, Stream.of_trace(trace))
        return [text for text in found if not ACCEPTED.accepts_order(scenario, text)]

    @unittest.skipUnless(
        os.path.isdir(os.path.join(SHARED, "wire", "xapi-23.1-pool")) if SHARED else False,
        "XENLAB_SHARED_DATA does not name a folder with wire/xapi-23.1-pool",
    )
    def test_pool(self):
        self.replay("pool")


def _make(scenario):
    def test(self):
        self.replay(scenario)
    return test


for _scenario in SCENARIOS:
    setattr(ReplayTest, "test_" + _scenario.replace("-", "_"), _make(_scenario))


if __name__ == "__main__":
    unittest.main()