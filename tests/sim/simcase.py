# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of the simulator itself share."""

import time
import unittest

from simtest import Fault, Simulator, half_close_tls, read_all, split_answer

FAST = ("--time-scale", "0.02", "--vms", "3")
MIB = 1 << 20


class SimTest(unittest.TestCase):
    """A test with a simulator."""

    def start(self, *arguments):
        self.sim = Simulator(*(arguments or FAST))
        self.addCleanup(self.sim.stop)
        self.session = self.sim.login()
        return self.sim

    def call(self, method, *params):
        return self.sim.call(method, self.session, *params)

    def vm(self, name="vm001"):
        return self.call("VM.get_by_name_label", name)[0]

    def wait(self, task, seconds=10):
        """The record of a task that has ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            record = self.call("task.get_record", task)
            if record["status"] not in ("pending", "cancelling"):
                return record
            time.sleep(0.01)
        self.fail("task still pending")

    def refused(self, code, method, *params):
        with self.assertRaises(Fault) as caught:
            self.call(method, *params)
        self.assertEqual(caught.exception.info[0], code)
        return caught.exception.info

    def put(self, path, body, length=None, half_close=False):
        """PUT to a handler; the answer as raw bytes."""
        length = len(body) if length is None else length
        head = f"PUT {path}&session_id={self.session} HTTP/1.1\r\nHost: x\r\n"
        if length >= 0:
            head += f"Content-Length: {length}\r\n"
        with self.sim.connect() as sock:
            sock.sendall(head.encode() + b"\r\n" + body)
            if half_close:
                half_close_tls(sock)
            return read_all(sock)

    def get(self, path):
        head = f"GET {path}&session_id={self.session} HTTP/1.1\r\nHost: x\r\n\r\n"
        return split_answer(self.sim.exchange(head.encode()))

    def disk(self, size=4 * MIB):
        sr = self.call("pool.get_default_SR", self.call("pool.get_all")[0])
        return self.call("VDI.create", {
            "name_label": "d", "name_description": "", "SR": sr, "virtual_size": str(size),
            "type": "user", "sharable": False, "read_only": False, "other_config": {}})
