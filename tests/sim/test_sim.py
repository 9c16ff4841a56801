#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator's own behaviour: contract, limits, faults, log, size, hostile input."""

import hashlib
import json
import os
import random
import shutil
import signal
import ssl
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from simtest import (  # noqa: E402
    Fault, Simulator, decode_answer, encode_call, half_close_tls, read_all, split_answer,
)

SHARED = os.environ.get("XENLAB_SHARED_DATA", "")
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


class Faults(SimTest):
    """Each documented SPEC."""

    def test_error(self):
        self.start()
        vm = self.vm()
        self.sim.fault("VM.start:2:SR_BACKEND_FAILURE_44,,no space for $1,")
        info = self.refused("SR_BACKEND_FAILURE_44", "VM.start", vm, False, False)
        self.assertEqual(info, ["SR_BACKEND_FAILURE_44", "", f"no space for {vm}", ""])
        task = self.call("Async.VM.start", vm, False, False)
        self.assertEqual(self.wait(task)["error_info"][0], "SR_BACKEND_FAILURE_44")
        self.call("VM.start", vm, False, False)

    def test_transport(self):
        self.start()
        self.sim.fault("reset:VM.*")
        with self.assertRaises(ConnectionError):
            self.call("VM.get_all")
        vm = self.vm()
        self.sim.fault("reset-after:VM.set_name_label")
        with self.assertRaises(ConnectionError):
            self.call("VM.set_name_label", vm, "renamed")
        self.assertEqual(self.call("VM.get_name_label", vm), "renamed")
        self.sim.fault("html:host.get_all")
        with self.assertRaisesRegex(ConnectionError, "500"):
            self.call("host.get_all")
        for spec in ("truncated-xml:host.get_all", "garbage:host.get_all"):
            self.sim.fault(spec)
            with self.assertRaises(Exception) as caught:
                self.call("host.get_all")
            self.assertEqual(type(caught.exception).__name__, "ParseError")
        self.sim.fault("stall:host.get_all")
        with self.assertRaises(ConnectionError):
            self.sim.call("host.get_all", self.session, timeout=0.3)
        self.sim.fault("slow:host.get_all:1:200")
        started = time.monotonic()
        self.call("host.get_all")
        self.assertGreaterEqual(time.monotonic() - started, 0.2)

    def test_sessions(self):
        self.start()
        self.sim.fault("expire-session:2")
        self.call("host.get_all")
        self.refused("SESSION_INVALID", "host.get_all")
        self.session = self.sim.login()
        self.sim.fault("slave:10.0.0.7:1")
        self.assertEqual(self.refused("HOST_IS_SLAVE", "host.get_all")[1], "10.0.0.7")
        self.call("host.get_all")
        with self.assertRaises(Fault) as caught:
            self.sim.call("session.login_with_password", "root", "wrong")
        self.assertEqual(caught.exception.info[0], "SESSION_AUTHENTICATION_FAILED")

    def test_session_quota(self):
        self.start()
        first = self.sim.call("session.login_with_password", "root", self.sim.password, "", "many")
        body = encode_call("session.login_with_password", ["root", self.sim.password, "", "many"])
        request = f"POST / HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        with self.sim.connect() as sock:
            for _ in range(500):
                sock.sendall(request)
                data = b""
                while b"</methodResponse>" not in data:
                    data += sock.recv(65536)
        with self.assertRaises(Fault):
            self.sim.call("host.get_all", first)

    def test_restart(self):
        self.start()
        vm = self.vm()
        self.call("VM.start", vm, False, False)
        host = self.call("VM.get_resident_on", vm)
        before = self.call("host.get_all_records")
        self.sim.fault("restart:1:0.2:0.2")
        seen = set()
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            try:
                self.session = self.sim.login()
                if "HOST_STILL_BOOTING" in seen:
                    break
                self.call("host.get_all")
            except Fault as fault:
                seen.add(fault.info[0])
            except OSError:
                seen.add("refused")
            time.sleep(0.02)
        self.assertIn("HOST_STILL_BOOTING", seen)
        self.assertIn("refused", seen)
        self.assertEqual(self.call("VM.get_power_state", vm), "Running")
        self.assertIn(host, before)

    def test_restart_agent(self):
        self.start()
        host = [h for h, r in self.call("host.get_all_records").items()
                if r["address"] == "127.0.0.2"][0]
        old = float(self.call("host.get_other_config", host)["agent_start_time"])
        self.call("host.restart_agent", host)
        deadline = time.monotonic() + 5
        while float(self.call("host.get_other_config", host)["agent_start_time"]) <= old:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def test_tasks(self):
        self.start()
        vm = self.vm()
        self.sim.fault("task-cancelled:VM.start")
        task = self.call("Async.VM.start", vm, False, False)
        self.assertEqual(self.wait(task)["status"], "cancelled")
        self.sim.fault("task-vanish:VM.start")
        task = self.call("Async.VM.start", vm, False, False)
        self.refused("HANDLE_INVALID", "task.get_record", task)
        self.sim.fault("task-pending:VM.start")
        task = self.call("Async.VM.start", vm, False, False)
        time.sleep(0.1)
        self.assertEqual(self.call("task.get_status", task), "pending")
        self.assertEqual(self.call("VM.get_current_operations", vm), {task: "start"})
        self.call("task.cancel", task)
        self.assertEqual(self.wait(task)["status"], "cancelled")
        self.call("VM.start", vm, False, False)

    def test_busy_and_blocked(self):
        self.start(*FAST, "--max-wait", "0.2")
        vm = self.vm()
        self.sim.fault("busy:vm001:clone")
        info = self.refused("OTHER_OPERATION_IN_PROGRESS", "VM.start", vm, False, False)
        self.assertEqual(info[1:4], ["VM", vm, "clone"])
        self.call("task.cancel", info[4])
        self.sim.fault("blocked:vm002:start:not today")
        info = self.refused("OPERATION_BLOCKED", "VM.start", self.vm("vm002"), False, False)
        self.assertEqual(info[2], "not today")

    def test_events(self):
        self.start()
        vm = self.vm()
        self.sim.fault("events-lost")
        self.refused("EVENTS_LOST", "event.from", ["vm"], "", 0.0)
        token = self.call("event.from", ["vm"], "", 0.0)["token"]
        self.sim.fault("drop-events:VM")
        self.call("VM.set_name_description", vm, "unseen")
        self.assertEqual(self.call("event.from", ["vm"], token, 0.2)["events"], [])
        self.sim.control("clear")
        self.call("VM.set_name_description", vm, "seen")
        answer = self.call("event.from", [f"vm/{vm}"], token, 5.0)
        self.assertEqual(answer["events"][0]["snapshot"]["name_description"], "seen")

    def test_renamed_and_vanished(self):
        self.start()
        vm, gone = self.vm(), self.vm("vm002")
        self.sim.fault("rename:1:vm001:other name")
        self.sim.fault("vanish:1:vm002")
        self.assertEqual(self.call("VM.get_name_label", vm), "other name")
        self.refused("HANDLE_INVALID", "VM.get_record", gone)

    def test_raw_names(self):
        self.start(*FAST, "--fault", "raw-names")
        self.call("VM.add_to_other_config", self.vm(), "a<b", "v")
        with self.assertRaises(Exception) as caught:
            self.call("VM.get_other_config", self.vm())
        self.assertEqual(type(caught.exception).__name__, "ParseError")

    def test_hostile_names(self):
        self.start(*FAST, "--fault", "hostile-names")
        body = encode_call("VM.get_all_records", [self.session])
        head = f"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        answer = self.sim.exchange(head.encode() + body)
        self.assertIn(b"bad\xffutf8", answer)
        self.assertIn(b"two\nlines", answer)

    def test_transfers(self):
        self.start()
        vdi = self.disk()
        self.sim.fault("redirect:1:127.0.0.2")
        line, headers, _ = self.get(f"/export_raw_vdi?vdi={vdi}")
        self.assertIn(" 302 ", line)
        self.assertTrue(headers["location"].startswith(
            f"https://127.0.0.2:{self.sim.port}/export_raw_vdi?"))
        task = self.call("task.create", "t", "")
        self.sim.fault("html-in-body:/export_raw_vdi:1:1000")
        _, _, body = self.get(f"/export_raw_vdi?vdi={vdi}&task_id={task}")
        self.assertEqual(body[1000:1012], b"HTTP/1.1 500")
        self.assertEqual(self.wait(task)["status"], "failure")
        self.sim.fault("cut:/export_raw_vdi:1:2000")
        _, _, body = self.get(f"/export_raw_vdi?vdi={vdi}")
        self.assertLessEqual(len(body), 2000)
        deadline = time.monotonic() + 5
        while self.sim.control("state")["dom0_vbds"]:
            self.assertLess(time.monotonic(), deadline)


class Tls(SimTest):
    """Certificates."""

    def test_changed_certificate(self):
        sim = self.start()
        old = sim.ready["pin"]
        new = sim.fault("tls-change")["pin"]
        self.assertNotEqual(old, new)
        with sim.connect() as sock:
            leaf = hashlib.sha256(sock.getpeercert(True)).hexdigest()
        self.assertEqual(new, f"sha256:{leaf}")

    def test_expired_certificate(self):
        sim = self.start(*FAST, "--fault", "tls-expired")
        with sim.connect() as sock:
            pem = ssl.DER_cert_to_PEM_cert(sock.getpeercert(True))
        done = subprocess.run(["openssl", "x509", "-checkend", "0", "-noout"], input=pem,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)

    def test_tls12_p384_only(self):
        sim = self.start(*FAST, "--fault", "tls-p384")

        def connects(*options):
            done = subprocess.run(
                ["openssl", "s_client", "-connect", f"127.0.0.1:{sim.port}", *options],
                input="", capture_output=True, text=True, check=False, timeout=20)
            return "BEGIN CERTIFICATE" in done.stdout

        self.assertTrue(connects("-tls1_2"))
        self.assertFalse(connects("-tls1_3"))
        self.assertFalse(connects("-tls1_2", "-curves", "X25519:P-256"))


class Transfers(SimTest):
    """Disks and archives, byte for byte."""

    def test_chunked_delta_changes_only_its_extents(self):
        self.start()
        vdi = self.disk(2 * MIB)
        before = random.Random(1).randbytes(2 * MIB)
        self.put(f"/import_raw_vdi?vdi={vdi}&format=raw", before)
        body, after = b"", bytearray(before)
        extents = ((MIB, b"\1" * 4096), (512, b"\0" * 1024), (2 * MIB - 512, b"\2" * 512))
        for offset, data in extents:
            body += struct.pack("<QI", offset, len(data)) + data
            after[offset:offset + len(data)] = data
        task = self.call("task.create", "t", "")
        self.put(f"/import_raw_vdi?vdi={vdi}&format=raw&chunked=true&task_id={task}",
                 body + b"\0" * 12)
        self.assertEqual(self.wait(task)["status"], "success")
        _, _, found = self.get(f"/export_raw_vdi?vdi={vdi}&format=raw")
        self.assertEqual(found, bytes(after))

    def test_vhd_round_trip(self):
        self.start()
        source, target = self.disk(6 * MIB), self.disk(6 * MIB)
        data = b"\0" * MIB + random.Random(2).randbytes(MIB) + b"\0" * (4 * MIB)
        self.put(f"/import_raw_vdi?vdi={source}&format=raw", data)
        _, _, image = self.get(f"/export_raw_vdi?vdi={source}&format=vhd")
        self.assertLess(len(image), 3 * MIB)
        self.put(f"/import_raw_vdi?vdi={target}&format=vhd", image)
        _, _, found = self.get(f"/export_raw_vdi?vdi={target}&format=raw")
        self.assertEqual(found, data)

    def test_archive_round_trips(self):
        self.start()
        vm = self.vm()
        vdi = [self.call("VBD.get_VDI", b) for b in self.call("VM.get_VBDs", vm)
               if self.call("VBD.get_type", b) == "Disk"][0]
        self.put(f"/import_raw_vdi?vdi={vdi}&format=raw", random.Random(3).randbytes(2 * MIB))
        for compression in ("false", "true", "zstd"):
            _, _, archive = self.get(f"/export?ref={vm}&use_compression={compression}")
            task = self.call("task.create", "t", "")
            self.put(f"/import?task_id={task}&x=1", archive)
            record = self.wait(task)
            self.assertEqual(record["status"], "success", (compression, record["error_info"]))
            self.assertEqual(record["other_config"], {"object_creation": "complete"})
            new = record["result"].split("<value>")[2].split("<")[0]
            disks = [self.call("VBD.get_VDI", b) for b in self.call("VM.get_VBDs", new)]
            copy = [d for d in disks if d != "OpaqueRef:NULL"][0]
            self.assertEqual(self.call("VDI.get_virtual_size", copy), str(8 << 30))

    def test_damaged_archives_leave_nothing(self):
        self.start()
        vm = self.vm()
        _, _, archive = self.get(f"/export?ref={vm}")
        records = len(self.call("VM.get_all")), len(self.call("VDI.get_all"))
        member = archive.rindex(b"Ref:", 0, archive.index(b".xxhash\0"))
        damaged = bytearray(archive)
        damaged[member + 512] ^= 1  # the first digit of a chunk's checksum
        for data, code in ((archive[:700_000], "IMPORT_ERROR_PREMATURE_EOF"),
                           (bytes(damaged), "IMPORT_ERROR"),
                           (archive.replace(b"<name>PV_args</name>", b"<name>PV_arks</name>"),
                            "IMPORT_ERROR"),
                           (b"<html>not an archive</html>" * 40, "IMPORT_ERROR_PREMATURE_EOF")):
            task = self.call("task.create", "t", "")
            self.put(f"/import?task_id={task}&x=1", data)
            self.assertEqual(self.wait(task)["error_info"][0], code)
        self.assertEqual(records, (len(self.call("VM.get_all")), len(self.call("VDI.get_all"))))

    def test_redirect_probe_has_no_effect(self):
        self.start()
        vdi = self.disk()
        tasks = len(self.call("task.get_all"))
        line, _, _ = split_answer(self.put(f"/import_raw_vdi?vdi={vdi}&format=raw", b""))
        self.assertIn(" 200 ", line)
        self.assertEqual(len(self.call("task.get_all")), tasks)

    def test_console(self):
        self.start()
        vm = self.vm()
        self.call("VM.start", vm, False, False)
        host = self.call("VM.get_resident_on", vm)
        address = self.call("host.get_address", host)
        index = [h["address"] for h in self.sim.ready["hosts"]].index(address)
        head = f"CONNECT /console?ref={vm}&session_id={self.session} HTTP/1.0\r\n\r\n".encode()
        with self.sim.connect(index) as sock:
            sock.sendall(head)
            data = b""
            while b"RFB 003.008\n" not in data:
                data += sock.recv(100)
            sock.sendall(b"RFB 003.008\n")
            self.assertEqual(sock.recv(2), b"\1\1")
        line, _, _ = split_answer(self.sim.exchange(head, host=1 - index))
        self.assertIn(" 500 ", line)


class Pool(SimTest):
    """Things no recording shows."""

    def test_iso_on_a_running_machine(self):
        self.start()
        vm = self.vm()
        self.call("VM.start", vm, False, False)
        drive = [b for b in self.call("VM.get_VBDs", vm)
                 if self.call("VBD.get_type", b) == "CD"][0]
        iso = self.call("VDI.get_by_name_label", "rescue.iso")[0]
        self.call("VBD.insert", drive, iso)
        self.refused("VBD_NOT_EMPTY", "VBD.insert", drive, iso)
        self.call("VBD.eject", drive)
        self.assertTrue(self.call("VBD.get_empty", drive))

    def test_suspend_resume_migrate(self):
        self.start("--time-scale", "0.02", "--vms", "2", "--running", "2")
        vm = self.vm()
        domid = self.call("VM.get_domid", vm)
        self.call("VM.suspend", vm)
        self.assertEqual(self.call("VM.get_power_state", vm), "Suspended")
        self.call("VM.resume", vm, False, False)
        self.assertEqual(self.call("VM.get_suspend_VDI", vm), "OpaqueRef:NULL")
        other = [h for h in self.call("host.get_all")
                 if h != self.call("VM.get_resident_on", vm)][0]
        deadline = time.monotonic() + 5
        while True:  # the agent comes up a little after the start
            try:
                self.call("VM.pool_migrate", vm, other, {"live": "true"})
                break
            except Fault:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)
        self.assertEqual(self.call("VM.get_resident_on", vm), other)
        self.assertNotEqual(self.call("VM.get_domid", vm), domid)

    def test_storage_of_every_kind(self):
        self.start()
        host = self.call("host.get_all")[0]
        self.refused("SR_BACKEND_FAILURE_102", "SR.create", host, {}, "0", "n", "", "nfs", "user",
                     True, {})
        sr = self.call("SR.create", host, {"location": "//srv/iso", "cifspassword": "secret",
                                           "username": "u", "type": "cifs"},
                       "0", "cifs", "", "iso", "iso", True, {})
        pbds = self.call("SR.get_PBDs", sr)
        self.assertEqual(len(pbds), 2)
        config = self.call("PBD.get_device_config", pbds[0])
        self.assertNotIn("cifspassword", config)
        self.assertIn("cifspassword_secret", config)
        self.assertIn("debian-12.iso", [r["name_label"] for r in
                                        self.call("VDI.get_all_records").values()
                                        if r["SR"] == sr])
        info = self.refused("SR_BACKEND_FAILURE_101", "SR.probe", host, {"server": "s"}, "nfs", {})
        self.assertIn("<nfs-exports>", info[3])

    def test_many_starts_in_parallel(self):
        self.start("--time-scale", "0.02", "--vms", "60")
        vms = [r for r, v in self.call("VM.get_all_records").items()
               if v["name_label"].startswith("vm")]
        tasks = [self.call("Async.VM.start", vm, False, False) for vm in vms]
        self.assertEqual({self.wait(t)["status"] for t in tasks}, {"success"})
        domids = {self.call("VM.get_domid", vm) for vm in vms}
        self.assertEqual(len(domids), 60)

    def test_json_and_xml_agree(self):
        self.start()
        call = {"jsonrpc": "2.0", "method": "VM.get_record", "params": [self.session, self.vm()],
                "id": 1}
        body = json.dumps(call).encode()
        head = f"POST /jsonrpc HTTP/1.1\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        _, headers, answer = split_answer(self.sim.exchange(head.encode() + body))
        self.assertEqual(headers["content-type"], "application/json")
        self.assertEqual(json.loads(answer)["result"], self.call("VM.get_record", self.vm()))

    def test_every_listed_getter_works(self):
        self.start()
        body = encode_call("system.listMethods", [])
        head = f"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        listed = decode_answer(self.sim.exchange(head.encode() + body))
        tables = [m for m in listed if m.endswith(".get_all_records")]
        self.assertGreater(len(tables), 50)
        for method in tables:
            self.assertIsInstance(self.call(method), dict, method)


if __name__ == "__main__":
    unittest.main()
