# SPDX-License-Identifier: GPL-3.0-or-later
"""Time: the wall clock for dates, and a scale for every delay of the server."""

import datetime
import threading
import time


def iso(stamp=None):
    """The date form xapi sends: 20261122T16:39:38Z."""
    stamp = time.time() if stamp is None else stamp
    return datetime.datetime.fromtimestamp(stamp, datetime.timezone.utc).strftime(
        "%Y%m%dT%H:%M:%SZ"
    )


class Clock:
    """Scales delays: 1.0 is what was observed, 0.1 ten times faster."""

    def __init__(self, scale=1.0):
        self.scale = scale
        self.stopping = threading.Event()

    def seconds(self, observed):
        """An observed duration in this simulator's time."""
        return observed * self.scale

    def sleep(self, observed):
        """Wait for an observed duration; ends early when the simulator stops."""
        if observed > 0:
            self.stopping.wait(observed * self.scale)
