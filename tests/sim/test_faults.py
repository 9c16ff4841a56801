#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fault that can be switched on, those of TLS included."""

import hashlib
import os
import ssl
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from simcase import FAST, SimTest  # noqa: E402
from simtest import Fault, encode_call  # noqa: E402


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


if __name__ == "__main__":
    unittest.main()
