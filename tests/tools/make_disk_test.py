#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks are what their recipes say: as sfdisk, blkid, pvck, mdadm and the checkers of file systems see them."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
from diskmaker import broken, recipes  # noqa: E402,F401
from diskmaker.image import ENVIRONMENT, Missing, run  # noqa: E402

MAKE_DISK = pathlib.Path(__file__).resolve().parent / "make_disk.py"


class Disks(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="make disk ")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def make(self, name, file="disk.raw"):
        path = self.folder / file
        try:
            recipes.RECIPES[name](str(path))
        except Missing as missing:
            self.skipTest(str(missing))
        return path

    def table(self, path):
        return json.loads(run("sfdisk", "--json", path))["partitiontable"]

    def blkid(self, path, offset=0, size=0):
        arguments = ["-O", offset] + (["-S", size] if size else [])
        text = run("blkid", "-p", "-o", "export", *arguments, path, check=False)
        return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)

    def formats(self, path):
        return [self.blkid(path, p["start"] * 512, p["size"] * 512).get("TYPE") for p in self.table(path)["partitions"]]

    def test_mbr_logical(self):
        path = self.make("mbr-logical")
        table = self.table(path)
        self.assertEqual((table["label"], table["id"]), ("dos", "0x10091ca1"))
        self.assertEqual([re.search(r"\d+$", p["node"])[0] for p in table["partitions"]], list("123567"))
        self.assertTrue(table["partitions"][0]["bootable"])
        self.assertEqual(self.formats(path)[:2] + self.formats(path)[3:], ["vfat", "ext2", "ext4", "swap", "ntfs"])

    def test_gpt(self):
        path = self.make("gpt")
        table = self.table(path)
        self.assertEqual(table["partitions"][1]["name"], "Wurzel äöü 根")
        self.assertEqual(self.formats(path), ["vfat", "ext4", "swap"])
        self.assertIn("No errors", run("sfdisk", "--verify", path))

    def test_damaged_gpt_is_as_damaged_as_it_says(self):
        if not shutil.which("sgdisk", path=ENVIRONMENT["PATH"]):
            self.skipTest("needs sgdisk")
        for name, word in (("gpt-no-primary", "invalid main GPT header"), ("gpt-no-backup", "backup"),
                           ("gpt-bad-header-crc", "main"), ("gpt-bad-entries-crc", "main"), ("gpt-grown", "end of the disk")):
            path = self.make(name)
            result = subprocess.run(["sgdisk", "--verify", path], capture_output=True, text=True, check=False, env=ENVIRONMENT)
            self.assertIn(word, result.stdout + result.stderr, name)

    def test_hybrid(self):
        path = self.make("gpt-hybrid")
        self.assertEqual([entry[4] for entry in self.mbr_entries(path)[:2]], [0xEE, 0x83])

    def mbr_entries(self, path):
        with open(path, "rb") as file:
            block = file.read(512)
        return [block[446 + 16 * i:462 + 16 * i] for i in range(4)]

    def test_start63(self):
        path = self.make("start63")
        self.assertEqual(self.table(path)["partitions"][0]["start"], 63)
        self.assertEqual(self.formats(path), ["ntfs"])

    def test_no_table(self):
        for name, kind in (("no-table", "ext4"), ("no-table-ntfs", "ntfs"), ("no-table-fat", "vfat")):
            self.assertEqual(self.blkid(self.make(name))["TYPE"], kind)

    def test_every_filesystem(self):
        path = self.make("filesystems")
        self.assertEqual(self.formats(path), [
            "vfat", "vfat", "vfat", "exfat", "ntfs", "ext2", "ext3", "ext4", "xfs", "btrfs", "swap", "iso9660",
            "crypto_LUKS", "crypto_LUKS", "BitLocker", "linux_raid_member", "LVM2_member", None])

    def test_lvm(self):
        path = self.make("lvm")
        start = self.table(path)["partitions"][1]["start"] * 512
        volume = self.folder / "pv.raw"
        with open(path, "rb") as file:
            file.seek(start)
            content = file.read()
        volume.write_bytes(content)
        if shutil.which("pvck", path=ENVIRONMENT["PATH"]):
            headers = run("pvck", "--dump", "headers", volume)
            self.assertNotIn("CHECK", headers)
            self.assertIn('contents = "Text Format Volume Group"', run("pvck", "--dump", "metadata", volume))
        self.assertEqual(self.blkid(volume)["TYPE"], "LVM2_member")
        extent, first = 4 << 20, 1 << 20
        root = self.folder / "root.raw"
        root.write_bytes(content[first + 10 * extent:first + 14 * extent] + content[first + 2 * extent:first + 8 * extent])
        run("e2fsck", "-fn", root)

    def test_raid_superblock(self):
        path = self.make("filesystems")
        part = [p for p in self.table(path)["partitions"] if p.get("name") == "raid"][0]
        raid = self.folder / "raid.raw"
        with open(path, "rb") as file:
            file.seek(part["start"] * 512)
            raid.write_bytes(file.read(part["size"] * 512))
        if not shutil.which("mdadm", path=ENVIRONMENT["PATH"]):
            self.skipTest("needs mdadm")
        text = run("mdadm", "--examine", raid)
        self.assertIn("Raid Level : raid1", text)
        self.assertRegex(text, r"Checksum : \w+ - correct")

    def test_file_systems_are_clean(self):
        path = self.make("mbr-logical")
        for part, checker in zip(self.table(path)["partitions"], (["fsck.fat", "-n"], ["e2fsck", "-fn"])):
            piece = self.folder / "piece.raw"
            with open(path, "rb") as file:
                file.seek(part["start"] * 512)
                piece.write_bytes(file.read(part["size"] * 512))
            run(*checker, piece)

    def test_sparse_3tib(self):
        path = self.make("sparse-3tib")
        self.assertEqual(path.stat().st_size, 3 << 40)
        self.assertLess(path.stat().st_blocks * 512, 8 << 20)
        self.assertEqual(self.formats(path), ["ext4", "ext4", "swap"])

    def test_partial_tail(self):
        data = self.make("partial-tail").read_bytes()
        self.assertEqual(len(data) % (1 << 20), 1536)
        self.assertEqual(data[-16:], b"the last 16 byte")

    def test_same_bytes_every_time(self):
        for name in ("mbr", "gpt", "no-table", "lvm", "ebr-loop", "gpt-2to32-entries", "table-only"):
            first = self.make(name, "a.raw").read_bytes()
            self.assertEqual(first, self.make(name, "b.raw").read_bytes(), name)

    def test_command(self):
        result = subprocess.run([MAKE_DISK, "--list"], capture_output=True, text=True, check=True)
        self.assertIn("mbr-logical", result.stdout)
        for arguments in ([], ["no-such-recipe", self.folder / "x"]):
            self.assertEqual(subprocess.run([MAKE_DISK, *arguments], capture_output=True, check=False).returncode, 2)
        result = subprocess.run([sys.executable, MAKE_DISK, "no-table-fat", self.folder / "x"], capture_output=True, check=False,
                                env={"PATH": "/nonexistent"}, text=True)
        self.assertEqual((result.returncode, result.stderr.strip()), (77, "needs mcopy, which is not installed"))


if __name__ == "__main__":
    unittest.main()
