#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pool does beyond the recordings: devices, migration, storage, many at once."""

import json
import os
import sys
import time
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from simcase import FAST, SimTest  # noqa: E402
from simtest import Fault, Simulator, decode_answer, encode_call, split_answer  # noqa: E402


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

    def test_to_other_storage_and_another_pool(self):
        other = Simulator(*FAST)
        self.addCleanup(other.stop)
        session = other.login()

        def there(method, *params):
            return other.call(method, session, *params)

        self.start("--time-scale", "0.02", "--vms", "2", "--running", "1")
        vm = self.vm()
        uuid = self.call("VM.get_uuid", vm)
        disks = [vbd for vbd in self.call("VM.get_VBDs", vm)
                 if self.call("VBD.get_type", vbd) == "Disk"]
        # within the pool
        ticket = self.call("host.migrate_receive", self.call("VM.get_resident_on", vm),
                           self.call("network.get_by_name_label", "labnet")[0], {})
        local = self.call("SR.get_by_name_label", "Local storage 1")[0]
        before = self.call("VBD.get_VDI", disks[0])
        self.call("VM.migrate_send", vm, ticket, True, {before: local}, {}, {})
        after = self.call("VBD.get_VDI", disks[0])
        self.assertEqual(self.call("VDI.get_SR", after), local)
        self.refused("HANDLE_INVALID", "VDI.get_uuid", before)
        # to the other
        network = there("network.get_by_name_label", "labnet")[0]
        ticket = there("host.migrate_receive", there("host.get_all")[0], network, {})
        sr = there("SR.get_by_name_label", "shared storage")[0]
        cards = {vif: network for vif in self.call("VM.get_VIFs", vm)}
        self.refused("VDI_NOT_IN_MAP", "VM.migrate_send", vm, ticket, True, {}, cards, {})
        self.refused("VIF_NOT_IN_MAP", "VM.migrate_send", vm, ticket, True, {after: sr}, {}, {})
        bad = {**ticket, "session_id": "OpaqueRef:none"}
        self.refused("SESSION_INVALID", "VM.migrate_send", vm, bad, True, {after: sr}, cards, {})
        new = self.call("VM.migrate_send", vm, ticket, True, {after: sr}, cards, {})
        self.assertEqual((there("VM.get_uuid", new), there("VM.get_power_state", new)),
                         (uuid, "Running"))
        self.refused("HANDLE_INVALID", "VM.get_uuid", vm)

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
