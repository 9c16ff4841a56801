#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that nobody here wrote, run against the simulator.

npm xen-api 4.7.6 from the folder XENLAB_NODE_MODULES, and the XenAPI.py inside
Debian's python3-os-xenapi.  Both are skipped visibly when they are missing.
"""

import glob
import importlib.util
import json
import os
import shutil
import ssl
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from simtest import Simulator  # noqa: E402

MODULES = os.environ.get("XENLAB_NODE_MODULES", "")
FAST = ("--time-scale", "0.1", "--vms", "5")


def xenapi_py():
    """The path of os_xenapi's XenAPI.py (one file without dependencies), or None."""
    for pattern in ("/usr/lib/python3/dist-packages", *sys.path):
        found = glob.glob(os.path.join(pattern, "os_xenapi", "client", "XenAPI.py"))
        if found:
            return found[0]
    return None


class NodeClient(unittest.TestCase):
    """npm xen-api."""

    def setUp(self):
        if shutil.which("node") is None:
            self.skipTest("node is not installed")
        if not os.path.isfile(os.path.join(MODULES, "xen-api", "index.mjs")):
            self.skipTest("XENLAB_NODE_MODULES does not name a folder with xen-api")

    def run_client(self, transport):
        with Simulator(*FAST) as simulator:
            ready = simulator.ready
            member = f"https://{ready['hosts'][1]['address']}:{simulator.port}"
            done = subprocess.run(
                ["node", os.path.join(HERE, "clients", "xen-api.mjs"), MODULES, ready["url"],
                 ready["user"], ready["password_file"], transport, member],
                capture_output=True, text=True, timeout=100, check=False,
            )
            self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
            state = simulator.control("state")
        self.assertEqual(state["dom0_vbds"], 0)
        result = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual(result, {
            "pool": "simulated pool", "hosts": 2, "vms": 9, "cloned": True, "running": "Running",
            "failure": "VM_BAD_POWER_STATE", "entry": "value2", "record": "made by xen-api",
            "task": "success", "same": True, "destroyed": True, "fromMember": "connected",
        })

    def test_json_rpc(self):
        self.run_client("auto")

    def test_xml_rpc(self):
        self.run_client("xml-rpc")


class PythonClient(unittest.TestCase):
    """XenAPI.py."""

    def setUp(self):
        path = xenapi_py()
        if path is None:
            self.skipTest("python3-os-xenapi is not installed")
        spec = importlib.util.spec_from_file_location("XenAPI", path)
        self.xenapi = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.xenapi)
        self.simulator = Simulator(*FAST)
        self.addCleanup(self.simulator.stop)
        unverified = ssl._create_default_https_context
        ssl._create_default_https_context = ssl._create_unverified_context
        self.addCleanup(setattr, ssl, "_create_default_https_context", unverified)

    def session(self, url=None):
        session = self.xenapi.Session(url or self.simulator.url)
        self.addCleanup(session("close"))
        session.login_with_password("root", self.simulator.password)
        return session

    def test_life_of_a_vm(self):
        session = self.session()
        self.assertEqual(session.API_version, "2.20")
        api = session.xenapi
        vm = api.VM.get_by_name_label("vm001")[0]
        self.assertEqual(api.VM.get_record(vm)["power_state"], "Halted")
        api.VM.start(vm, False, False)
        self.assertEqual(api.VM.get_power_state(vm), "Running")
        self.assertIsInstance(api.VM.get_domid(vm), str)
        with self.assertRaises(self.xenapi.Failure) as caught:
            api.VM.start(vm, False, False)
        self.assertEqual(caught.exception.details,
                         ["VM_BAD_POWER_STATE", vm, "halted", "running"])
        snapshot = api.VM.snapshot(vm, "by XenAPI.py")
        self.assertIn(snapshot, api.VM.get_snapshots(vm))
        api.VM.hard_shutdown(vm)
        session.logout()

    def test_events_of_an_async_call(self):
        api = self.session().xenapi
        vm = api.VM.get_by_name_label("vm002")[0]
        token = getattr(api.event, "from")(["task", "vm"], "", 0.0)["token"]
        task = api.Async.VM.start(vm, False, False)
        seen, status = [], "pending"
        while status == "pending":
            batch = getattr(api.event, "from")(["task", "vm"], token, 10.0)
            token = batch["token"]
            for event in batch["events"]:
                seen.append((event["class"], event["operation"]))
                if event["ref"] == task:
                    status = event["snapshot"]["status"]
        self.assertEqual(status, "success")
        self.assertIn(("task", "add"), seen)
        self.assertIn(("vm", "mod"), seen)

    def test_expired_session_is_renewed(self):
        session = self.session()
        self.simulator.fault("expire-session:1")
        self.assertEqual(len(session.xenapi.host.get_all()), 2)

    def test_member_names_the_coordinator(self):
        url = f"https://127.0.0.2:{self.simulator.port}"
        with self.assertRaises(self.xenapi.Failure) as caught:
            self.session(url)
        self.assertEqual(caught.exception.details, ["HOST_IS_SLAVE", "127.0.0.1"])


if __name__ == "__main__":
    unittest.main()
