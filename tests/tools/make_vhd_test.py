#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The VHDs are what was asked for, as qemu-img and 7-Zip see them."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

MAKE_VHD = pathlib.Path(__file__).resolve().parent / "make_vhd.py"


def sectors(size, contents):
    data = bytearray(size)
    for number, name in contents.items():
        data[number * 512:number * 512 + 512] = f"{name} {number}\n".encode().ljust(512, b".")
    return bytes(data)


class Vhds(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="make vhd ")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def make(self, name, *options):
        subprocess.run([sys.executable, MAKE_VHD, "--name", name, *options, self.folder / name], check=True)
        return self.folder / name

    def need(self, program):
        if not shutil.which(program):
            self.skipTest(f"{program} is not installed")

    def test_qemu_reads_them(self):
        self.need("qemu-img")
        for options in (["--type", "fixed"], ["--block-size", "4096"], []):
            with self.subTest(options=options):
                path = self.make("a.vhd", "--size", "66048", "--sectors", "0,9,128", *options)
                raw = self.folder / "a.raw"
                subprocess.run(["qemu-img", "convert", "-f", "vpc", "-O", "raw", path, raw], check=True)
                self.assertEqual(raw.read_bytes(), sectors(66048, dict.fromkeys((0, 9, 128), "a.vhd")))

    def test_7zip_finds_the_parent(self):
        self.need("7z")
        self.make("base.vhd", "--size", "66048", "--sectors", "0,9")
        child = self.make("child.vhd", "--type", "differencing", "--size", "66048", "--parent", "base.vhd",
                          "--sectors", "9,128", "--locator", "W2ru=.\\base.vhd")
        seen = subprocess.run(["7z", "e", "-so", "-tvhd", child], check=True, capture_output=True).stdout
        self.assertEqual(seen, sectors(66048, {0: "base.vhd", 9: "child.vhd", 128: "child.vhd"}))


if __name__ == "__main__":
    unittest.main()
