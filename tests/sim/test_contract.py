#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator as a program: start, stop, log, size, and the limits of its HTTP."""

import hashlib
import json
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from simcase import FAST, SimTest  # noqa: E402
from simtest import Fault, encode_call, read_all, split_answer  # noqa: E402

SHARED = os.environ.get("XENLAB_SHARED_DATA", "")


class Contract(SimTest):
    """Start and stop."""

    def test_ready_line_and_end_of_stdin(self):
        sim = self.start(*FAST, "--hosts", "3")
        ready = sim.ready
        self.assertEqual(set(ready), {"url", "user", "password_file", "pin", "hosts"})
        self.assertEqual([h["address"] for h in ready["hosts"]],
                         ["127.0.0.1", "127.0.0.2", "127.0.0.3"])
        mode = stat.S_IMODE(os.stat(ready["password_file"]).st_mode)
        self.assertEqual(mode, 0o600)
        with sim.connect() as sock:
            leaf = hashlib.sha256(sock.getpeercert(True)).hexdigest()
        self.assertEqual(ready["pin"], f"sha256:{leaf}")
        self.assertEqual(sim.stop(), 0)
        self.assertFalse(os.path.exists(ready["password_file"]))

    def test_sigterm(self):
        sim = self.start()
        sim.process.send_signal(signal.SIGTERM)
        self.assertEqual(sim.process.wait(5), 0)

    def test_only_loopback(self):
        for listen in ("0.0.0.0:0", "10.1.2.3:0", "nonsense"):
            done = subprocess.run(
                [sys.executable, os.path.join(HERE, "xapi-sim"), "--listen", listen],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=20)
            self.assertEqual(done.returncode, 2, listen)
            self.assertEqual(done.stdout, "")

    def test_bad_fault_and_bad_seed(self):
        for arguments in (["--fault", "nonsense"], ["--fault", "reset:*:many"],
                          ["--seed", "/nonexistent.xml"]):
            done = subprocess.run(
                [sys.executable, os.path.join(HERE, "xapi-sim"), *arguments],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=20)
            self.assertEqual(done.returncode, 1, arguments)
            self.assertIn("xapi-sim: ", done.stderr)

    def test_runs_from_a_path_with_spaces(self):
        with tempfile.TemporaryDirectory(prefix="with spaces ") as folder:
            copy = os.path.join(folder, "the simulator")
            shutil.copytree(HERE, copy, ignore=shutil.ignore_patterns("__pycache__"))
            done = subprocess.run(
                [os.path.join(copy, "xapi-sim")], stdin=subprocess.DEVNULL, capture_output=True,
                text=True, check=False, timeout=20, cwd=folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("url", json.loads(done.stdout))

    def test_call_log(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "log")
            self.start(*FAST, "--log", path)
            vm = self.vm()
            self.call("VM.set_name_description", vm, "x")
            self.refused("UUID_INVALID", "VM.get_by_uuid", "y")
            self.get("/export_metadata?uuid=nope")
            self.sim.stop()
            with open(path, encoding="utf-8") as text:
                lines = [json.loads(line) for line in text]
            text = json.dumps(lines)
        self.assertNotIn(self.sim.password, text)
        self.assertNotIn(self.session, text)
        by_method = {line["method"]: line for line in lines}
        self.assertEqual(by_method["VM.set_name_description"]["params"], [vm, "x"])
        self.assertTrue(by_method["VM.set_name_description"]["mutating"])
        self.assertFalse(by_method["VM.get_by_name_label"]["mutating"])
        self.assertEqual(by_method["VM.get_by_uuid"]["error"], ["UUID_INVALID", "VM", "y"])
        self.assertIn("GET /export_metadata", by_method)

    def test_seed_from_a_real_pool(self):
        path = os.path.join(SHARED, "xapidb", "tampa-poolof16and23-xapi-db.xml")
        if not SHARED or not os.path.isfile(path):
            self.skipTest("XENLAB_SHARED_DATA does not name a folder with xapidb")
        self.start("--seed", path)
        self.assertEqual(len(self.call("host.get_all")), 2)
        self.assertEqual(len(self.call("VM.get_all_records")), 67)
        with self.assertRaises(Fault) as caught:
            self.sim.login(host=1)
        self.assertEqual(caught.exception.info, ["HOST_IS_SLAVE", "127.0.0.1"])

    def test_a_thousand_machines(self):
        self.start("--vms", "1000", "--running", "100")
        self.call("VM.get_all_records")
        started = time.monotonic()
        records = self.call_raw("VM.get_all_records")
        self.assertLess(time.monotonic() - started, 2.0)
        self.assertGreater(len(records), 6_000_000)
        self.assertEqual(records.count(b"<name>power_state</name>"), 1004)

    def call_raw(self, method):
        body = encode_call(method, [self.session])
        head = f"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        return self.sim.exchange(head.encode() + body)

    def test_delay(self):
        self.start(*FAST, "--delay", "100")
        started = time.monotonic()
        self.call("VM.get_all")
        self.assertGreaterEqual(time.monotonic() - started, 0.1)


class Limits(SimTest):
    """The HTTP front."""

    def test_header_block(self):
        self.start()
        for size, status in ((1006, " 200 "), (1007, " 431 ")):
            body = encode_call("pool.get_all", [self.session])
            head = f"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: {len(body)}\r\nX: "
            head += "x" * (size - len(head) - 4) + "\r\n\r\n"
            self.assertEqual(len(head), size)
            line, _, _ = split_answer(self.sim.exchange(head.encode() + body))
            self.assertIn(status, line)

    def test_body(self):
        self.start()
        for size, status in ((307200, " 200 "), (307201, " 500 ")):
            body = encode_call("pool.get_all", [self.session])
            body = body[:21] + b" " * (size - len(body)) + body[21:]
            head = f"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n"
            line, _, _ = split_answer(self.sim.exchange(head.encode() + body))
            self.assertIn(status, line, size)

    def test_silence_is_408(self):
        self.start()
        with self.sim.connect() as sock:
            line, _, _ = split_answer(read_all(sock))
        self.assertIn(" 408 ", line)

    def test_keep_alive_and_reset_only_limits(self):
        self.start()
        body = encode_call("pool.get_all", [self.session])
        request = f"POST /RPC2 HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        with self.sim.connect() as sock:
            for _ in range(3):
                sock.sendall(request)
                data = b""
                while b"</methodResponse>" not in data:
                    data += sock.recv(65536)
                self.assertIn(b" 200 ", data[:20])
        self.sim.fault("limit-reset")
        self.assertEqual(self.sim.exchange(b"GET /" + b"a" * 3000), b"")

    def test_hostile_requests_do_not_end_it(self):
        self.start()
        chance = random.Random(4)
        rest = [b"", b"\0" * 900, b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n<a><b><c/",
                b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
                b"PUT /import?session_id=x HTTP/1.1\r\n\r\n", b"CONNECT / HTTP/1.1\r\n\r\n",
                b"GET /%zz%00?=&&=%ff HTTP/1.1\r\nCookie: ;=;\r\n\r\n"]
        deep = b"<value><array><data>" * 5000
        bodies = [b"<methodCall><methodName>VM.get_all</methodName><params><param>" + deep,
                  b"<!DOCTYPE a [<!ENTITY b 'c'>]><methodCall/>", b"\xff\xfe", b"[" * 100000,
                  b"<methodCall><params><param/></params></methodCall>",
                  encode_call("VM.get_by_name_label", [self.session, "x"])
                  .replace(b">x<", b">\xff<")]
        for body in bodies:
            for path in ("/", "/jsonrpc"):
                head = f"POST {path} HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n"
                rest.append(head.encode() + body)
        rest += [bytes(chance.randrange(256) for _ in range(200)) for _ in range(5)]
        threads = [threading.Thread(target=self.sim.exchange, args=(data,)) for data in rest]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        self.assertEqual(len(self.call("host.get_all")), 2)
        self.assertIsNone(self.sim.process.poll())

    def test_bad_parameters(self):
        self.start()
        for method, params in (("VM.start", [{}, True, True]), ("VM.create", [{"a": "b"}]),
                               ("event.from", ["x", "", 1.0]), ("VDI.create", [[]]),
                               ("VM.get_all_records_where", ["((((" * 200]),
                               ("VM.get_all_records_where", ['field "uuid" = ']),
                               ("VBD.create", [{"VM": "OpaqueRef:NULL"}]),
                               ("VM.set_other_config", [self.vm(), "text"]),
                               ("VDI.resize", [self.disk(), "many"])):
            with self.assertRaises(Fault, msg=method):
                self.call(method, *params)


if __name__ == "__main__":
    unittest.main()
