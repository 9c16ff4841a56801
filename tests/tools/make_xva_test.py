#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The maker of archives against recorded archives and against programs of other people."""
import contextlib
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
import make_xva  # noqa: E402
from xvamaker import archive as xva, hostile, records, tarfmt, xxh64  # noqa: E402
from xvamaker.sources import CHUNK, FileSource, RuleSource, ZeroSource  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "tests/data/xva"


def recorded(name):
    if not shutil.which("zstd"):
        raise unittest.SkipTest("needs zstd")
    return subprocess.run(["zstd", "-dcq", DATA / f"{name}.xva.zst"], capture_output=True, check=True).stdout


def records_of(ova_xml):
    """{class: [list of field names]} and {id: virtual_size} of a document."""
    root = xml.etree.ElementTree.fromstring(ova_xml)
    fields, sizes = {}, {}
    for item in root.findall("struct/member[name='objects']/value/array/data/value/struct"):
        members = {m.find("name").text: m.find("value") for m in item}
        record = {m.find("name").text: m.find("value") for m in members["snapshot"].find("struct")}
        fields.setdefault(members["class"].text, list(record))
        if members["class"].text == "VDI":
            sizes[members["id"].text] = int(record["virtual_size"].text)
    return fields, sizes


def decode(data):
    """{ref: disk} by the importer's rule: the gap in the numbers counts, and the lengths of the entries."""
    entries = tarfmt.unpack(data)
    disks, previous, first = {}, {}, {}
    for name, size, _, content in entries:
        found = re.fullmatch(r"(.+)/(\d{8})", name)
        if not found:
            continue
        ref, number = found[1], int(found[2])
        disk = disks.setdefault(ref, bytearray())
        first.setdefault("length", size)
        disk += bytes((number - previous.get(ref, -1) - 1) * first["length"]) + content
        previous[ref] = number
    return disks


class Case(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="make xva ")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def make(self, *arguments, name="out.xva"):
        path = self.folder / name
        make_xva.make(make_xva.parse_arguments([*arguments, str(path)]))
        return path.read_bytes()

    def disk(self, data, name="disk.raw"):
        (self.folder / name).write_bytes(data)
        return f"file={self.folder / name}"

    def names(self, data):
        return [name for name, *_ in tarfmt.unpack(data)]


class Maker(Case):
    def test_xxh64(self):
        self.assertEqual(f"{xxh64.python_digest(b''):016X}", "EF46DB3751D8E999")
        self.assertEqual(f"{xxh64.python_digest(b'abc'):016X}", "44BC2CF5AD770999")
        for size in (0, 1, 3, 4, 7, 8, 31, 32, 33, 63, 64, 100, 4096):
            data = bytes(range(256)) * 17
            self.assertEqual(xxh64.digest(data[:size]), xxh64.python_digest(data[:size]))

    def same_as_recorded(self, name, refs, *arguments):
        original = recorded(name)
        disks = decode(original)
        entries = tarfmt.unpack(original)
        time = int(entries[0][2][136:148].strip(b"\0 ") or b"0", 8)
        specs = []
        for index, ref in enumerate(refs):
            specs += ["--disk", self.disk(disks[ref], f"{index}.raw") + f",ref={ref}"]
        (self.folder / "ova.xml").write_bytes(entries[0][3])
        made = self.make(*specs, "--ova-xml", str(self.folder / "ova.xml"), "--time", str(time), *arguments)
        self.assertEqual(len(made), len(original))
        for ours, theirs in zip(tarfmt.unpack(made), entries):
            self.assertEqual(ours, theirs)
        self.assertEqual(made, original)

    def test_xapi_dialect_repeats_recordings_byte_for_byte(self):
        self.same_as_recorded("xapi-23.1", ["Ref:4"])
        self.same_as_recorded("xapi-23.1-two-disks", ["Ref:153", "Ref:150"])

    def test_xo_dialect_repeats_a_recording(self):
        original = recorded("xo-mbr-fat-ntfs-ext4")
        disk = self.disk(decode(original)["Ref:002"])
        made = self.make("--dialect", "xo", "--disk", disk)
        ours, theirs = tarfmt.unpack(made), tarfmt.unpack(original)
        self.assertEqual([entry[0] for entry in ours], [entry[0] for entry in theirs])
        for mine, other in zip(ours[1:], theirs[1:]):
            self.assertEqual(mine[3], other[3])
            for begin, end in ((0, 136), (156, 512)):  # all but time and checksum
                self.assertEqual(mine[2][begin:end], other[2][begin:end])

    def test_records_have_the_fields_that_xapi_writes(self):
        theirs, _ = records_of(tarfmt.unpack(recorded("xapi-23.1-two-disks"))[0][3])
        ours, _ = records_of(tarfmt.unpack(self.make("--disk", "zero=2M"))[0][3])
        for kind, fields in theirs.items():
            self.assertEqual(ours[kind], fields, kind)

    def test_records_have_the_fields_that_an_importer_requires(self):
        ours, _ = records_of(tarfmt.unpack(self.make("--disk", "zero=2M", "--host"))[0][3])
        required = json.loads(records.REQUIRED.read_text())
        for kind, fields in ours.items():
            self.assertLessEqual(set(required[kind]), set(fields), kind)
        self.assertIn("host", ours)

    def test_minimal_omit_and_set(self):
        fields, sizes = records_of(tarfmt.unpack(self.make(
            "--disk", "zero=2M", "--minimal", "--omit", "VDI.type", "--set", 'VDI.virtual_size="7"'))[0][3])
        self.assertEqual(fields["VDI"], ["uuid", "name_label", "SR", "virtual_size"])
        self.assertEqual(sizes, {"Ref:2": 7})

    def test_every_dialect_gives_the_disk_back(self):
        content = RuleSource(7 * CHUNK + 1536, "mixed", every=3)
        whole = b"".join(content.read(i) for i in range(content.chunks()))
        spec = self.disk(whole)
        for dialect in tarfmt.DIALECTS:
            for extra in ([], ["--all-chunks"], ["--keepalive", "1"], ["--export-vsn", "1"], ["--checksum", "mixed"]):
                if dialect == "xva-img":
                    continue
                data = self.make("--dialect", dialect, "--disk", spec, *extra)
                _, sizes = records_of(tarfmt.unpack(data)[0][3])
                (ref, disk), = decode(data).items()
                self.assertEqual(len(disk), sizes[ref], (dialect, extra))
                self.assertEqual(bytes(disk).rstrip(b"\0"), whole.rstrip(b"\0"), (dialect, extra))
        self.assertEqual(sizes[ref], len(whole))

    def test_zero_chunks(self):
        name = "Ref:2/{:08d}".format
        chunks = [n for n in self.names(self.make("--disk", "zero=5M")) if not n.endswith("hash")]
        self.assertEqual(chunks, ["ova.xml", name(0), name(4)])
        self.assertEqual(len(self.names(self.make("--disk", "zero=5M", "--all-chunks"))), 11)
        self.assertEqual(len(self.names(self.make("--disk", "zero=1M"))), 3)

    def test_keepalive_moves_later_numbers(self):
        entries = tarfmt.unpack(self.make("--disk", "zero=6M", "--keepalive", "2"))
        self.assertEqual([(n, s) for n, s, *_ in entries[1:]], [
            ("Ref:2/00000000", CHUNK), ("Ref:2/00000000.xxhash", 16),
            ("Ref:2/00000002", 0), ("Ref:2/00000002.xxhash", 16),
            ("Ref:2/00000005", 0), ("Ref:2/00000005.xxhash", 16),
            ("Ref:2/00000007", CHUNK), ("Ref:2/00000007.xxhash", 16)])
        self.assertEqual(entries[4][3], b"EF46DB3751D8E999")

    def test_disks_are_in_the_order_of_their_text(self):
        disks = ["--disk", "zero=1M,ref=Ref:2", "--disk", "zero=1M,ref=Ref:11"]
        self.assertEqual(self.names(self.make(*disks))[1::2], ["Ref:11/00000000", "Ref:2/00000000"])
        self.assertEqual(self.names(self.make(*disks, "--given-order"))[1::2], ["Ref:2/00000000", "Ref:11/00000000"])

    def test_versions_of_the_format(self):
        self.assertEqual(self.names(self.make("--disk", "zero=1M", "--export-vsn", "0")),
                         ["ova.xml", "Ref:2/00000000", "checksum.xml"])
        data = self.make("--disk", "zero=1M", "--export-vsn", "1", "--checksum", "sha1")
        self.assertEqual(self.names(data),
                         ["ova.xml", "Ref:2/00000000", "Ref:2/00000000.checksum", "checksum.xml"])
        entries = tarfmt.unpack(data)
        self.assertIn(entries[2][3], entries[3][3])
        self.assertEqual(self.names(self.make("--disk", "zero=1M", "--vdi-tar")), ["vdi/00000000", "vdi/00000000.xxhash"])
        self.assertEqual(self.names(self.make("--disk", "zero=1M", "--metadata-only")), ["ova.xml"])

    def test_cd_and_suspend(self):
        data = self.make("--disk", "zero=1M", "--cd", "--empty-cd", "--suspend", "2M")
        fields, sizes = records_of(tarfmt.unpack(data)[0][3])
        self.assertEqual(set(sizes), {"Ref:2", "Ref:1202", "Ref:900"})
        self.assertEqual(set(decode(data)), {"Ref:2", "Ref:900"})
        self.assertIn("SR", fields)

    def test_end_of_the_archive(self):
        plain = self.make("--disk", "zero=1M")
        self.assertEqual(plain[-1024:], bytes(1024))
        self.assertEqual(self.make("--disk", "zero=1M", "--no-end"), plain[:-1024])
        self.assertEqual(self.make("--disk", "zero=1M", "--trailing", "garbage"), plain + b"garbage")
        padded = self.make("--disk", "zero=1M", "--record-padding")
        self.assertEqual(len(padded) % 10240, 0)

    def test_tar_programs_list_it(self):
        self.make("--dialect", "gnu", "--directories", "--record-padding", "--disk", "random=2M")
        expected = self.names(self.make("--disk", "random=2M,ref=Ref:2", name="xapi.xva"))
        for program in ("tar", "bsdtar"):
            if shutil.which(program):
                for name in ("out.xva", "xapi.xva"):
                    result = subprocess.run([program, "tf", self.folder / name], capture_output=True, text=True, check=True)
                    self.assertEqual([n for n in result.stdout.split() if n != "Ref:2/"], expected)
                    self.assertEqual(result.stderr, "")

    @unittest.skipUnless(shutil.which("xva-img"), "needs xva-img")
    def test_xva_img_reads_sha1_archives(self):
        content = RuleSource(9 * CHUNK, "random", every=4)
        whole = b"".join(content.read(i) for i in range(content.chunks()))
        for dialect in ("old-xapi", "xva-img"):
            self.make("--dialect", dialect, "--disk", self.disk(whole))
            target = self.folder / dialect
            target.mkdir()
            subprocess.run(["tar", "xf", self.folder / "out.xva", "-C", target], check=True)
            subprocess.run(["chmod", "-R", "u+rwX", target], check=True)
            subprocess.run(["xva-img", "disk-export", f"{target}/Ref:2/", f"{target}/raw"], check=True,
                           stdout=subprocess.DEVNULL)
            self.assertEqual((target / "raw").read_bytes(), whole)

    def test_xo_writer_gives_the_same_chunks(self):
        if not shutil.which("node") or not (ROOT / "build/node_modules/@xen-orchestra/xva").exists():
            self.skipTest("needs node and @xen-orchestra/xva in build/node_modules")
        content = RuleSource(5 * CHUNK + 512, "random", every=2)
        whole = b"".join(content.read(i) for i in range(content.chunks()))
        spec = self.disk(whole)
        with open(self.folder / "xo.xva", "wb") as out:
            subprocess.run(["node", ROOT / "tests/tools/npm/write-xva.mjs", self.folder / "disk.raw"], stdout=out, check=True)
        theirs = tarfmt.unpack((self.folder / "xo.xva").read_bytes())
        ours = tarfmt.unpack(self.make("--dialect", "xo", "--disk", spec))
        self.assertEqual([(e[0], e[3]) for e in ours[1:]], [(e[0], e[3]) for e in theirs[1:]])

    def test_sparse_files_are_read_sparsely(self):
        path = self.folder / "sparse.raw"
        with open(path, "wb") as file:
            file.truncate(3 << 40)
            file.seek((1 << 40) + 5)
            file.write(b"x")
        chunks = [n for n in self.names(self.make("--disk", str(path))) if not n.endswith("hash")]
        self.assertEqual(chunks, ["ova.xml", "Ref:2/00000000", "Ref:2/01048576", "Ref:2/03145727"])
        self.assertEqual(FileSource(path).read(1 << 20)[:6], b"\0\0\0\0\0x")

    def test_compression(self):
        plain = self.make("--disk", "text=2M")
        for how, command in (("gzip", ["gzip", "-dc"]), ("zstd", ["zstd", "-dcq"])):
            if shutil.which(command[0]):
                data = self.make("--disk", "text=2M", "--compress", how)
                self.assertLess(len(data), len(plain) / 2)
                self.assertEqual(subprocess.run(command, input=data, capture_output=True, check=True).stdout, plain)
        self.assertEqual(self.make("--disk", "text=2M", "--compress", "gzip"),
                         self.make("--disk", "text=2M", "--compress", "gzip"))

    def test_legacy_directory(self):
        path = self.folder / "old"
        make_xva.make(make_xva.parse_arguments(["--legacy-directory", "--disk", "text=2M", str(path)]))
        self.assertIn('<appliance version="0.1">', (path / "ova.xml").read_text())
        self.assertTrue((path / "sda/chunk000000000.gz").exists())

    def test_hostile_makers_all_write_something(self):
        for name, maker in hostile.MAKERS.items():
            size = sum(len(piece) for piece in maker(1 << 20, 100))
            self.assertTrue(size or name == "empty", name)

    def test_errors_are_short(self):
        for arguments in (["--disk", "nonsense=1", "x"], ["--disk", str(self.folder / "none"), "x"],
                          ["--disk", "zero=1M", "--damage", '[{"op":"drop","chunk":"Ref:9/0"}]', str(self.folder / "x")]):
            with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()) as text:
                make_xva.main(arguments)
            self.assertNotIn("Traceback", text.getvalue())


class Damage(Case):
    def damaged(self, *steps, **arguments):
        return self.make("--disk", "random=4M", "--damage", json.dumps(steps), **arguments)

    def setUp(self):
        super().setUp()
        self.good = self.make("--disk", "random=4M")
        self.chunk = "Ref:2/{:08d}".format

    def content(self, data):
        return {name: content for name, _, _, content in tarfmt.unpack(data)}

    def test_drop(self):
        self.assertEqual(self.names(self.damaged({"op": "drop", "chunk": self.chunk(1)}))[2:5],
                         [self.chunk(0) + ".xxhash", self.chunk(2), self.chunk(2) + ".xxhash"])
        self.assertEqual(self.names(self.damaged({"op": "drop", "entry": self.chunk(1) + ".xxhash"}))[3:5],
                         [self.chunk(1), self.chunk(2)])

    def test_swap(self):
        self.assertEqual(self.names(self.damaged({"op": "swap", "chunks": [self.chunk(3), self.chunk(1)]}))[1::2],
                         [self.chunk(n) for n in (0, 3, 2, 1)])
        good, bad = (self.content(data) for data in (
            self.good, self.damaged({"op": "swap-data", "chunks": [self.chunk(1), self.chunk(2)]})))
        self.assertEqual(good[self.chunk(1)], bad[self.chunk(2)])
        self.assertEqual(good[self.chunk(1) + ".xxhash"], bad[self.chunk(1) + ".xxhash"])

    def test_flip(self):
        bad = self.content(self.damaged({"op": "flip", "entry": self.chunk(1), "bit": 9}))
        good = self.content(self.good)
        self.assertEqual([n for n in good if good[n] != bad[n]], [self.chunk(1)])
        self.assertEqual(good[self.chunk(1)][1] ^ bad[self.chunk(1)][1], 2)
        for step in ({"op": "flip", "at": 700, "bit": 3}, {"op": "flip", "header": self.chunk(0), "bit": 1000}):
            data = self.damaged(step)
            self.assertEqual(sum(a != b for a, b in zip(data, self.good)), 1)

    def test_cut(self):
        self.assertEqual(self.damaged({"op": "cut", "at": 1234567}), self.good[:1234567])
        self.assertEqual(self.damaged({"op": "cut", "at": -5}), self.good[:-5])

    def test_the_rest(self):
        self.assertEqual(self.content(self.damaged({"op": "case", "entry": self.chunk(0) + ".xxhash"}))
                         [self.chunk(0) + ".xxhash"], self.content(self.good)[self.chunk(0) + ".xxhash"].lower())
        self.assertIn("Ref:3/x", self.names(self.damaged({"op": "rename", "entry": self.chunk(1), "to": "Ref:3/x"})))
        self.assertEqual(self.names(self.damaged({"op": "duplicate", "chunk": self.chunk(1)})).count(self.chunk(1)), 2)
        self.assertIn(b"99999999999\0", self.damaged({"op": "size", "entry": self.chunk(1), "field": "99999999999\0"}))
        inserted = self.damaged({"op": "insert", "before": self.chunk(1), "entry": "README", "text": "hi"})
        self.assertEqual(self.content(inserted)["README"], b"hi")
        replaced = self.damaged({"op": "replace", "entry": self.chunk(1), "text": "short"})
        self.assertEqual(self.content(replaced)[self.chunk(1)], b"short")

    def test_after_compression(self):
        how = ["--disk", "text=2M", "--compress", "gzip"]
        whole = self.make(*how)
        self.assertEqual(self.make(*how, "--damage-compressed", '[{"op": "cut", "at": -8}]'), whole[:-8])


if __name__ == "__main__":
    os.environ.pop("SOURCE_DATE_EPOCH", None)
    unittest.main()
