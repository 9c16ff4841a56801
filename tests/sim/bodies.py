# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies of which the recording kept only the first 4 KiB, made whole again.

What a body was for is in the exchange's name and in its first bytes; the
lost rest is filled so that it means the same to a server.
"""

import re
import struct

from xapi_sim.tarstream import END, entry
from xapi_sim.xxh64 import xxh64

MIB = 1 << 20


def make_body(replay, exchange):
    """The request body to send."""
    true_length = exchange.body_length("request")
    if true_length is None:
        return exchange.body
    kept = exchange.body[:4096]
    # index.json tells how much was really sent of a body that was cut on purpose
    sent = exchange.index.get("sent_body") or true_length
    path = exchange.head.split(" ")[1]
    if path.startswith("/import?"):
        return archive(replay, exchange)
    if "format=tar" in path and kept.startswith(b"vdi/"):
        return replay.downloads["075-GET-tar"]
    if kept.startswith(b"conectix") and "fixed" not in exchange.name:
        return vhd(kept, sent, exchange.name)
    if b"<methodCall>" in kept:
        return xml(replay, kept, true_length)
    if "chunked" in path:
        return extents(kept, sent)
    return kept + b"\0" * (sent - len(kept))


def xml(replay, kept, length):
    """A padded call (http-limits) or one long string (errors-sessions/167)."""
    tail = b"</params></methodCall>"
    if b"<params>" in kept:
        kept = replay.translate(kept.decode()).encode()
        tail = b"</string></value></param>" + tail
        return kept + b"x" * (length - len(kept) - len(tail)) + tail
    head = kept.rstrip()
    tail = b"<params><param><value><string>%s</string></value></param>%s" % (
        replay.session.encode(), tail)
    return head + b" " * (length - len(head) - len(tail)) + tail


def vhd(kept, length, name):
    """A dynamic VHD: zero blocks where the block table wants them, footer at the end."""
    body = bytearray(kept + b"\0" * (length - len(kept)))
    if "no-end-footer" not in name and "truncated" not in name and length > 512:
        body[-512:] = kept[:512]
    return bytes(body)


def extents(kept, length):
    """The framing of chunked=true: the first extent's data goes on as zeros."""
    (size,) = struct.unpack("<I", kept[8:12])
    body = kept + b"\0" * (length - len(kept))
    assert len(body) >= 12 + min(size, length - 12)
    return body


def archive(replay, exchange):
    """An XVA like the recorded one: its ova.xml with chunks of zeros."""
    ova = replay.extras.get("ova.xml") or replay.hooks["ova.xml"]
    if "xapi_major-99" in exchange.name:
        ova = ova.replace(b"<value>23</value>", b"<value>99</value>")
    elif "xapi_minor-9" in exchange.name:
        ova = re.sub(rb"(xapi_minor</name><value>)1<", rb"\g<1>9<", ova)
    elif "xapi_major-01" in exchange.name:
        ova = ova.replace(b"<value>23</value>", b"<value>0</value>")
    elif "huge-3TiB" in exchange.name:
        ova = re.sub(rb"(virtual_size</name><value>)\d+<", rb"\g<1>%d<" % (3 << 40), ova)
    out = [entry("ova.xml", ova)]
    disks = re.findall(
        rb"<name>class</name><value>VDI</value>.*?<name>id</name><value>(Ref:\d+)</value>"
        rb".*?<name>virtual_size</name><value>(\d+)<", ova, re.S)
    listed = replay.hooks["tar-list.txt"].decode()
    for name, size in sorted(disks):
        size = int(size)
        if f"{name.decode()}/" not in listed:
            continue  # behind the CD drive: its SR has content_type iso
        last = (size - 1) // MIB
        for number in sorted({0, last}):
            data = b"\0" * min(MIB, size - number * MIB)
            member = f"{name.decode()}/{number:08d}"
            out += [entry(member, data), entry(member + ".xxhash", b"%016X" % xxh64(data))]
    return b"".join(out) + END
