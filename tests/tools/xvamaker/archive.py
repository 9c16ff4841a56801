# SPDX-License-Identifier: GPL-3.0-or-later
"""From the description of a VM to the entries of its archive, and to bytes."""
import dataclasses
import hashlib
import typing

from . import records, tarfmt, xmlrpc, xxh64
from .sources import CHUNK, Source
from .tarfmt import Entry

ZEROS = bytes(CHUNK)
ZERO_TEXT = {}


@dataclasses.dataclass
class Disk:
    source: Source
    ref: str = ""
    name: str = ""
    userdevice: str = ""
    vdi_type: str = "user"
    vbd: str = "Disk"        # or CD, Floppy, none
    bootable: bool = False
    virtual_size: int = -1   # what ova.xml says, if it is not the truth
    uuid: str = ""


@dataclasses.dataclass
class Archive:
    disks: typing.List[Disk]
    dialect: str = "xapi"
    checksum: str = ""       # xxhash, sha1, mixed, none; empty: what the dialect's writer does
    export_vsn: typing.Optional[int] = 2
    keepalive: int = 0       # after so many omitted chunks in a row
    all_chunks: bool = False
    metadata_only: bool = False
    vdi_tar: bool = False    # the stream of /export_raw_vdi?format=tar
    minimal: bool = False
    cd: bool = False
    empty_cd: bool = False
    host: bool = False
    suspend: typing.Optional[Source] = None
    name: str = "made by make_xva"
    firmware: str = "bios"
    pretty: bool = False
    given_order: bool = False
    directories: bool = False
    record_padding: bool = False
    end_blocks: int = 2
    trailing: bytes = b""
    time: int = 1700000000
    omit: typing.List[str] = dataclasses.field(default_factory=list)              # CLASS.field
    set: typing.Dict[str, typing.Any] = dataclasses.field(default_factory=dict)   # CLASS.field -> value
    prolog: str = ""
    ova_xml: typing.Optional[bytes] = None

    def __post_init__(self):
        self.style = tarfmt.DIALECTS[self.dialect]
        self.checksum = self.checksum or self.style.hash
        for index, disk in enumerate(self.disks):
            disk.ref = disk.ref or self.style.ref_format % (index + 2)
            disk.name = disk.name or f"disk {index}"
            disk.userdevice = disk.userdevice or str(index)
            size = disk.source.size
            if self.style.pads_tail:
                size = disk.source.chunks() * CHUNK
            elif self.dialect == "xva-img" and size % CHUNK:
                raise ValueError("xva-img drops a partial last chunk: give it whole MiB")
            if disk.virtual_size < 0:
                disk.virtual_size = size


def objects(archive):
    """[(class, id, record)] in the order in which xapi writes them."""
    ref = archive.style.ref_format
    vm, vif, network, disk_sr, iso_sr, host = (ref % n for n in (1001, 1002, 1003, 1004, 1005, 1006))
    vbds, vdis, disk_ids, iso_ids = [], [], [], []
    for index, disk in enumerate(archive.disks):
        vbd = ref % (1100 + index)
        if disk.vbd != "none":
            vbds.append((vbd, records.vbd(vbd, vm, disk.ref, disk.userdevice, disk.vbd, disk.bootable)))
        vdis.append((disk.ref, records.vdi(disk.ref, disk.name, disk_sr, [vbd] if disk.vbd != "none" else [],
                                           disk.virtual_size, disk.vdi_type, disk.uuid)))
        disk_ids.append(disk.ref)
    suspend = records.NULL
    if archive.suspend:
        suspend = disk_ids[-1]  # build() has appended it
    if archive.cd:
        vbds.append((ref % 1201, records.vbd("cd", vm, ref % 1202, "3", "CD")))
        vdis.append((ref % 1202, records.vdi("cd", "tools.iso", iso_sr, [ref % 1201], 2097152)))
        iso_ids.append(ref % 1202)
    if archive.empty_cd:
        vbds.append((ref % 1203, records.vbd("empty cd", vm, records.NULL, "4", "CD", empty=True)))
    result = []
    if archive.host:
        result.append(("host", host, records.from_required("host", hostname="xen1", name_label="xen1")))
    result.append(("VM", vm, records.vm(archive.name, [v for v, _ in vbds], [vif],
                                        host if archive.host else records.NULL, suspend, archive.firmware)))
    result += [("VBD", *pair) for pair in vbds]
    result += [("VIF", vif, records.vif(vm, network)), ("network", network, records.network([vif]))]
    result += [("VDI", *pair) for pair in vdis]
    result.append(("SR", disk_sr, records.sr("local storage", disk_ids)))
    if iso_ids:
        result.append(("SR", iso_sr, records.sr("iso library", iso_ids, "iso")))
    return result


def selected(archive, kind, record):
    if archive.minimal:
        record = {field: record[field] for field in records.MINIMAL[kind]}
    for path, value in archive.set.items():
        owner, _, field = path.partition(".")
        if owner == kind:
            record = {**record, field: value}
    return {field: value for field, value in record.items() if f"{kind}.{field}" not in archive.omit}


def ova_xml(archive):
    if archive.ova_xml is not None:
        return archive.ova_xml
    items = []
    for kind, identity, record in objects(archive):
        if archive.minimal and kind not in records.MINIMAL:
            continue
        parts = {"class": kind, "id": identity, "snapshot": selected(archive, kind, record)}
        items.append({key: parts[key] for key in archive.style.object_order})
    changes = {p.partition(".")[2]: v for p, v in archive.set.items() if p.startswith("version.")}
    version = records.version(archive.export_vsn, **changes)
    version = {field: value for field, value in version.items() if f"version.{field}" not in archive.omit}
    document = xmlrpc.value({"version": version, "objects": items}, archive.pretty)
    return (archive.prolog + document).encode()


def hash_text(kind, data):
    if kind == "sha1":
        return hashlib.sha1(data).hexdigest().encode()
    return xxh64.text(data).encode()


def checksum_entry(archive, chunk_name, data, index):
    """The entry that follows a chunk; data is bytes or a callable."""
    kind = archive.checksum if archive.checksum != "mixed" else ("xxhash", "sha1")[index % 2]
    size, ending = (40, ".checksum") if kind == "sha1" else (16, ".xxhash")

    def text():
        content = data() if callable(data) else data
        if content is ZEROS:
            return ZERO_TEXT.setdefault(kind, hash_text(kind, ZEROS))
        return hash_text(kind, content)

    return Entry(chunk_name + ending, text, size)


def chunk_entries(archive, disk, prefix):
    """The entries of one disk, numbered as the dialect's writer numbers them."""
    inline = archive.checksum != "none" and archive.export_vsn != 0
    source, last = disk.source, disk.source.chunks() - 1
    drift, previous = 0, -1  # drift: keep-alive entries so far; previous: last chunk written

    def emit(number, size, data):
        name = f"{prefix}/{number:08d}"
        yield Entry(name, data, size)
        if inline:
            yield checksum_entry(archive, name, data, number)

    def is_data(index):
        return source.read(index).strip(b"\0") != b""

    def present():
        yield 0
        for index in range(1, last) if archive.all_chunks else source.candidates():
            if 0 < index < last and (archive.all_chunks or is_data(index)):
                yield index
        if last > 0:
            yield last

    for index in present() if last >= 0 else ():
        if archive.keepalive:
            for idle in range(previous + archive.keepalive, index, archive.keepalive):
                if archive.dialect == "xo":
                    yield from emit(idle, CHUNK, ZEROS)
                else:
                    yield from emit(idle + drift, 0, b"")
                    drift += 1
        length = CHUNK if archive.style.pads_tail else source.length(index)

        def content(index=index, length=length):
            data = source.read(index)
            return data + bytes(length - len(data))

        yield from emit(index + drift, length, content)
        previous = index


def final_table(archive, entries):
    """The last entry of archives with export_vsn 0 and 1: a struct from chunk name to SHA-1."""
    table = {e.name: hashlib.sha1(e.content()).hexdigest()
             for e in entries if e.name != "ova.xml" and not e.is_checksum() and e.typeflag != b"5"}
    return Entry("checksum.xml", xmlrpc.value(table).encode())


def build(archive):
    """All entries, in the order of the archive."""
    if archive.suspend:
        archive.disks.append(Disk(archive.suspend, archive.style.ref_format % 900, "suspend image", "none", "suspend",
                                  "none", virtual_size=archive.suspend.size))
    if archive.vdi_tar:
        return list(chunk_entries(archive, archive.disks[0], "vdi"))
    entries = [Entry("ova.xml", ova_xml(archive))]
    if archive.metadata_only:
        return entries
    disks = archive.disks if archive.given_order else sorted(archive.disks, key=lambda disk: disk.ref)
    for disk in disks:
        if archive.directories:
            entries.append(Entry(f"{disk.ref}/", typeflag=b"5", mode=0o755))
        entries += chunk_entries(archive, disk, disk.ref)
    if archive.export_vsn in (0, 1):
        entries.append(final_table(archive, entries))
    return entries


def write(archive, entries, out):
    written = 0
    for entry in entries:
        tarfmt.write_entry(out, entry, archive.style, archive.time)
        written += entry.stored_size()
    out.write(bytes(tarfmt.BLOCK * archive.end_blocks))
    written += tarfmt.BLOCK * archive.end_blocks
    if archive.record_padding:
        out.write(bytes(-written % 10240))
    out.write(archive.trailing)


def length(archive, entries):
    """The number of bytes that write() writes."""
    total = sum(entry.stored_size() for entry in entries) + tarfmt.BLOCK * archive.end_blocks
    return total + (-total % 10240 if archive.record_padding else 0) + len(archive.trailing)
