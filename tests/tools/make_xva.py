#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes an XVA archive for a test.

    make_xva.py --disk root.raw out.xva
    make_xva.py --disk file=root.raw,ref=Ref:2,name=root --disk zero=3T,ref=Ref:11 --compress zstd -
    make_xva.py --disk random=5M --damage '[{"op": "flip", "entry": "Ref:2/00000001", "bit": 5}]' bad.xva
    make_xva.py --hostile symlink bad.xva

--disk takes a file, or fields separated by commas: one of file=PATH zero=SIZE random=SIZE text=SIZE mixed=SIZE
(sizes with K M G T, or s for sectors; seed=TEXT and every=N change what is made), and
ref= name= userdevice= type= vbd=Disk|CD|Floppy|none bootable=1 virtual-size=BYTES uuid=.
"""
import argparse
import gzip
import inspect
import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
from xvamaker import archive as xva, damage, geneva, hostile, sources, tarfmt  # noqa: E402


def parse_disk(text):
    if "=" not in text.split(",")[0]:
        text = "file=" + text
    fields = dict(part.split("=", 1) for part in text.split(","))
    known = {"file", "zero", "random", "text", "mixed", "seed", "every", "ref", "name", "userdevice", "type", "vbd",
             "bootable", "virtual-size", "uuid"}
    if not known.issuperset(fields):
        raise ValueError(f"--disk: unknown {', '.join(sorted(set(fields) - known))}")
    return xva.Disk(sources.open_source(fields), fields.get("ref", ""), fields.get("name", ""),
                    fields.get("userdevice", ""), fields.get("type", "user"), fields.get("vbd", "Disk"),
                    fields.get("bootable", "0") == "1", int(fields.get("virtual-size", -1)), fields.get("uuid", ""))


class Compressor:
    """Writes OUTPUT (or - for standard output) through gzip in Python or another program."""

    def __init__(self, output, how):
        program, _, level = how.partition(":")
        commands = {"zstd": ["zstd", "-q", "-c", f"-{level or 3}"], "igzip": ["igzip", "-c", f"-{level or 1}"],
                    "zstd-long": ["zstd", "-q", "-c", "-1", f"--long={level or 27}"]}
        self.file = sys.stdout.buffer if output == "-" else open(output, "wb")
        self.process, self.sink = None, self.file
        if program == "gzip":
            self.sink = gzip.GzipFile("", "wb", int(level or 6), self.file, mtime=0)
        elif program in commands:
            if not shutil.which(program.partition("-")[0]):
                raise ValueError(f"--compress {how}: {program} is not installed")
            # pylint: disable-next=consider-using-with
            self.process = subprocess.Popen(commands[program], stdin=subprocess.PIPE, stdout=self.file)
            self.sink = self.process.stdin
        elif program != "none":
            raise ValueError(f"--compress: unknown {how}")
        self.write = self.sink.write

    def close(self):
        if self.sink is not self.file:
            self.sink.close()
        if self.process and self.process.wait() != 0:
            raise ValueError("the compressor failed")
        self.file.flush()
        if self.file is not sys.stdout.buffer:
            self.file.close()


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("output", help="the archive, or - for standard output")
    add("--disk", action="append", default=[], type=parse_disk, metavar="FILE|FIELDS")
    add("--dialect", choices=sorted(tarfmt.DIALECTS), default="xapi", help="whose headers and habits")
    add("--checksum", choices=["xxhash", "sha1", "mixed", "none"], default="", help="default: the dialect's")
    add("--export-vsn", choices=["0", "1", "2", "none"], default="2")
    add("--keepalive", type=int, default=0, metavar="N", help="a keep-alive entry after N zero chunks in a row")
    add("--all-chunks", action="store_true", help="zero chunks are written too")
    add("--metadata-only", action="store_true", help="records, no chunks")
    add("--vdi-tar", action="store_true", help="only the chunks of the first disk, under vdi/")
    add("--legacy-directory", action="store_true", help="version 0.1: OUTPUT becomes a folder")
    add("--minimal", action="store_true", help="only the fields that a reader of disks needs")
    add("--cd", action="store_true", help="a CD drive with an image from an ISO library")
    add("--empty-cd", action="store_true")
    add("--host", action="store_true", help="a host record")
    add("--suspend", type=sources.parse_size, metavar="SIZE", help="a suspend image of so many random bytes")
    add("--name", default="made by make_xva", help="of the VM")
    add("--firmware", default="bios")
    add("--pretty", action="store_true", help="white space between the elements of ova.xml")
    add("--given-order", action="store_true", help="disks in the order given, not in that of their references")
    add("--directories", action="store_true", help="directory entries, as in repacked archives")
    add("--record-padding", action="store_true", help="fill up to 10 KiB as GNU tar does")
    add("--no-end", action="store_true", help="no end-of-archive blocks")
    add("--trailing", default="", metavar="TEXT", help="garbage after the end")
    add("--time", type=int, default=int(os.environ.get("SOURCE_DATE_EPOCH", 1700000000)))
    add("--omit", action="append", default=[], metavar="CLASS.FIELD")
    add("--set", action="append", default=[], metavar="CLASS.FIELD=JSON", help="version.FIELD works, too")
    add("--ova-xml", type=pathlib.Path, metavar="FILE", help="take this document as it is")
    add("--compress", default="none", metavar="HOW", help="gzip[:LEVEL] igzip zstd[:LEVEL] zstd-long[:LOG]")
    add("--damage", default="[]", metavar="JSON|@FILE", help="see xvamaker/damage.py; --help-damage prints it")
    add("--damage-compressed", default="[]", metavar="JSON", help="flip and cut, after compression")
    add("--hostile", choices=sorted(hostile.MAKERS), metavar="NAME", help="see --list-hostile")
    add("--size", type=sources.parse_size, default=0, help="for --hostile")
    add("--count", type=int, default=0, help="for --hostile")
    if "--list-hostile" in arguments:
        print("\n".join(sorted(hostile.MAKERS)))
        sys.exit()
    if "--help-damage" in arguments:
        print(inspect.getdoc(damage))
        sys.exit()
    return parser.parse_args(arguments)


def describe(options):
    """The Archive that the options ask for."""
    settings = dict(item.split("=", 1) for item in options.set)
    return xva.Archive(
        options.disk, options.dialect, options.checksum,
        None if options.export_vsn == "none" else int(options.export_vsn), options.keepalive, options.all_chunks,
        options.metadata_only, options.vdi_tar, options.minimal, options.cd, options.empty_cd, options.host,
        sources.RuleSource(options.suspend, "random", "suspend") if options.suspend else None, options.name,
        options.firmware, options.pretty, options.given_order, options.directories, options.record_padding,
        0 if options.no_end else 2, options.trailing.encode(), options.time, options.omit,
        {path: json.loads(value) for path, value in settings.items()},
        ova_xml=options.ova_xml.read_bytes() if options.ova_xml else None)


def damage_file(path, steps):
    """Flips and cuts in a finished file."""
    data = path.read_bytes()
    with open(path, "wb") as out:
        damage.DamagedStream(out, steps, len(data)).write(data)


def make(options):
    if options.legacy_directory:
        geneva.write_directory(options.output, options.name, options.disk)
        return
    out = Compressor(options.output, options.compress)
    if options.hostile:
        for piece in hostile.MAKERS[options.hostile](options.size, options.count):
            out.write(piece)
    else:
        archive = describe(options)
        entries = xva.build(archive)
        text = options.damage
        left = damage.apply(entries, json.loads(pathlib.Path(text[1:]).read_text() if text[0] == "@" else text))
        sink = damage.DamagedStream(out, left, xva.length(archive, entries)) if left else out
        xva.write(archive, entries, sink)
    out.close()
    steps = json.loads(options.damage_compressed)
    if steps:
        damage_file(pathlib.Path(options.output), steps)


def main(arguments):
    try:
        make(parse_arguments(arguments))
    except (ValueError, OSError) as error:
        sys.exit(f"make_xva: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
