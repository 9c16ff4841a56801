#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks and archives in and out, consoles."""

import os
import random
import struct
import sys
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from simcase import MIB, SimTest  # noqa: E402
from simtest import split_answer  # noqa: E402


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


if __name__ == "__main__":
    unittest.main()
