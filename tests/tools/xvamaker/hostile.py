# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives that nobody exports: each must end in a clear error, never in a crash, a hang or a lie.

Every maker is a generator of bytes, so that a huge archive needs no memory; size and count scale it.
"""
import random

from . import records, tarfmt, xmlrpc
from .archive import Archive, Disk, build, chunk_entries, ova_xml
from .sources import CHUNK, RuleSource, ZeroSource
from .tarfmt import DIALECTS, Entry

END = bytes(1024)
MAKERS = {}


def maker(function):
    MAKERS[function.__name__.replace("_", "-")] = function
    return function


class Pieces:
    """A sink that hands back what was written, piece by piece."""

    def __init__(self):
        self.parts = []

    def write(self, data):
        self.parts.append(data)


def pack(entries):
    for entry in entries:
        pieces = Pieces()
        tarfmt.write_entry(pieces, entry, DIALECTS["xapi"], 0)
        yield from pieces.parts


def plain(**fields):
    return Archive([Disk(RuleSource(3 * CHUNK, "random"), "Ref:2")], **fields)


def renamed(name, **fields):
    """A good archive whose second chunk has another name or type."""
    entries = build(plain())
    entries[3].name = name
    for field, value in fields.items():
        setattr(entries[3], field, value)
    yield from pack(entries)
    yield END


def with_size_field(text):
    entries = build(plain())
    entries[3].size_field = text
    yield from pack(entries)
    yield END


def with_field(path, value):
    yield from pack(build(plain(set={path: value})))
    yield END


def with_document(document):
    yield from pack([Entry("ova.xml", document), *chunk_entries(plain(), plain().disks[0], "Ref:2")])
    yield END


MAKERS.update({
    "dotdot-name": lambda size, count: renamed("../../../../tmp/evil"),
    "absolute-name": lambda size, count: renamed("/etc/passwd"),
    "dotdot-inside-name": lambda size, count: renamed("Ref:2/../Ref:2/00000001"),
    "nul-name": lambda size, count: renamed(b"\0" * 100),
    "unterminated-name": lambda size, count: renamed("Ref:2/" + "0" * 94),
    "newline-name": lambda size, count: renamed("Ref:2/0000\n0001"),
    "escape-name": lambda size, count: renamed("Ref:2/\x1b[31m0001\x1b]0;x\x07"),
    "not-utf8-name": lambda size, count: renamed(b"Ref:2/\xff\xfe\x80"),
    "number-overflow-name": lambda size, count: renamed("Ref:2/99999999999999999999999"),
    "negative-number-name": lambda size, count: renamed("Ref:2/-0000001"),
    "symlink": lambda size, count: renamed("Ref:2/00000001", typeflag=b"2", linkname=b"/etc/passwd", data=b"", size=0),
    "hardlink": lambda size, count: renamed("Ref:2/00000001", typeflag=b"1", linkname=b"ova.xml", data=b"", size=0),
    "device": lambda size, count: renamed("Ref:2/00000001", typeflag=b"4", data=b"", size=0),
    "octal-overflow": lambda size, count: with_size_field(b"777777777777"),
    "octal-garbage": lambda size, count: with_size_field(b"00004x00000\0"),
    "octal-negative": lambda size, count: with_size_field(b"-0000000001\0"),
    "octal-empty": lambda size, count: with_size_field(b" " * 12),
    "base256-2to63": lambda size, count: with_size_field(b"\x80" + (1 << 63).to_bytes(11, "big")),
    "base256-max": lambda size, count: with_size_field(b"\x80" + b"\xff" * 11),
    "base256-negative": lambda size, count: with_size_field(b"\xff" * 12),
    "chunk-too-big": lambda size, count: with_size_field(b"%011o\0" % (2 * CHUNK)),
    "virtual-size-2to63": lambda size, count: with_field("VDI.virtual_size", str(1 << 63)),
    "virtual-size-2to64": lambda size, count: with_field("VDI.virtual_size", str(1 << 64)),
    "virtual-size-max": lambda size, count: with_field("VDI.virtual_size", str((1 << 63) - 1)),
    "virtual-size-negative": lambda size, count: with_field("VDI.virtual_size", "-1"),
    "virtual-size-text": lambda size, count: with_field("VDI.virtual_size", "12 apples"),
    "virtual-size-empty": lambda size, count: with_field("VDI.virtual_size", ""),
    "virtual-size-smaller": lambda size, count: with_field("VDI.virtual_size", str(CHUNK)),
    "virtual-size-larger": lambda size, count: with_field("VDI.virtual_size", str(9 * CHUNK)),
    "escape-label": lambda size, count: with_field("VDI.name_label", "a\x1b[31mred\x1b]0;title\x07\nb\tc"),
    "xml-cut": lambda size, count: with_document(ova_xml(plain())[:-40]),
    "xml-empty": lambda size, count: with_document(b""),
    "xml-not": lambda size, count: with_document(b"\0\1\2 this is not XML"),
    "xml-no-objects": lambda size, count: with_document(b"<value><struct></struct></value>"),
    "xml-deep": lambda size, count: with_document(b"<value><array><data>" * (count or 200000)),
    "xml-deep-struct": lambda size, count: with_document(
        b"<value><struct><member><name>x</name>" * (count or 200000)),
    "xml-invalid-utf8": lambda size, count: with_document(ova_xml(plain()).replace(b"disk 0", b"\xc0\xaf\xff")),
    "xml-duplicate-ids": lambda size, count: with_document(
        ova_xml(Archive([Disk(ZeroSource(CHUNK), "Ref:2"), Disk(ZeroSource(2 * CHUNK), "Ref:2")]))),
})


@maker
def xml_entity_bomb(size, count):
    prolog, value = records.bomb()
    yield from with_document(ova_xml(plain(prolog=prolog, set={"VDI.name_label": value})))


@maker
def xml_external_entity(size, count):
    prolog = '<?xml version="1.0"?><!DOCTYPE value [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    yield from with_document(ova_xml(plain(prolog=prolog, set={"VDI.name_label": xmlrpc.Raw("&x;")})))


@maker
def xml_huge(size, count):
    """ova.xml of SIZE bytes of white space (1 GiB), told truthfully."""
    size = size or 1 << 30
    yield tarfmt.header(Entry("ova.xml", b"", size), DIALECTS["xapi"], 0)
    for _ in range(-(-size // CHUNK)):
        yield b" " * CHUNK
    yield END


@maker
def xml_many_disks(size, count):
    """COUNT disk records (100,000) that share one SR."""
    disks = [Disk(ZeroSource(CHUNK), f"Ref:{n}") for n in range(2, 2 + (count or 100000))]
    yield from pack([Entry("ova.xml", ova_xml(Archive(disks, minimal=True)))])
    yield END


@maker
def million_entries(size, count):
    """COUNT entries of no bytes (1,000,000) behind ova.xml."""
    yield from pack([Entry("ova.xml", ova_xml(plain()))])
    for first in range(0, count or 1000000, 1000):
        yield b"".join(tarfmt.header(Entry(f"Ref:2/{n:08d}"), DIALECTS["xapi"], 0)
                       for n in range(first, min(first + 1000, count or 1000000)))
    yield END


@maker
def million_keepalives(size, count):
    """COUNT keep-alive entries with checksums (1,000,000) between two chunks."""
    entries = build(plain())
    yield from pack(entries[:3])
    for number in range(1, 1 + (count or 1000000)):
        name = f"Ref:2/{number:08d}"
        yield from pack([Entry(name), Entry(name + ".xxhash", b"EF46DB3751D8E999")])
    yield END


@maker
def bomb(size, count):
    """One chunk that says, truthfully, SIZE bytes of zeros (8 GiB less one): for --compress."""
    size = size or (8 << 30) - 1
    yield from pack([Entry("ova.xml", ova_xml(plain()))])
    yield tarfmt.header(Entry("Ref:2/00000000", b"", size), DIALECTS["xapi"], 0)
    for _ in range(-(-size // CHUNK)):
        yield bytes(CHUNK)
    yield END


@maker
def bomb_padding(size, count):
    """A good archive followed by SIZE zeros (8 GiB): for --compress."""
    yield from pack(build(plain()))
    for _ in range((size or 8 << 30) // CHUNK):
        yield bytes(CHUNK)


@maker
def long_name(size, count):
    """A GNU long name entry that claims 2 GiB of name."""
    yield from pack([Entry("ova.xml", ova_xml(plain())),
                     Entry("././@LongLink", b"x" * 512, typeflag=b"L", size_field=b"17777777777\0")])


@maker
def pax_header(size, count):
    """A pax header whose record lengths lie and that renames and resizes the next entry."""
    entries = build(plain())
    text = b"99999999999 size=9223372036854775807\n20 path=../evil\n0 x=y\n"
    yield from pack([*entries[:3], Entry("PaxHeaders/x", text, typeflag=b"x"), *entries[3:]])
    yield END


@maker
def ova_not_first(size, count):
    entries = build(plain())
    yield from pack(entries[1:] + entries[:1])
    yield END


@maker
def ova_twice(size, count):
    entries = build(plain())
    yield from pack(entries[:3] + entries[:1] + entries[3:])
    yield END


@maker
def ova_symlink(size, count):
    yield from pack([Entry("ova.xml", typeflag=b"2", linkname=b"/etc/passwd"), *build(plain())[1:]])
    yield END


@maker
def html_page(size, count):
    yield (b"<!DOCTYPE html>\n<html><head><title>500 Internal Server Error</title></head>\n"
           b"<body><h1>HTTP 500 internal server error</h1>An unexpected error occurred. VM_BAD_POWER_STATE</body></html>\n")


@maker
def text_page(size, count):
    yield b"VM_BAD_POWER_STATE: OpaqueRef:42 halted, suspended running\n"


@maker
def html_in_the_middle(size, count):
    """A late server error: the page is in the stream, after good chunks."""
    yield from pack(build(plain())[:3])
    yield b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 266\r\n\r\n"
    yield from html_page(0, 0)


@maker
def empty(size, count):
    yield b""


@maker
def zeros(size, count):
    yield bytes(size or 65536)


@maker
def garbage(size, count):
    yield random.Random(size or 1).randbytes(size or 65536)


@maker
def gzip_garbage(size, count):
    yield b"\x1f\x8b\x08\0\0\0\0\0\0\3" + random.Random(2).randbytes(4096)


@maker
def zstd_garbage(size, count):
    yield b"\x28\xb5\x2f\xfd" + random.Random(3).randbytes(4096)


@maker
def other_tar(size, count):
    """A tar archive that is no XVA."""
    yield from pack([Entry("README", b"hello\n"), Entry("src/main.c", b"int main;\n")])
    yield END
