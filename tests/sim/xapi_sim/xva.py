# SPDX-License-Identifier: GPL-3.0-or-later
"""XVA archives: ova.xml, chunks with xxhash, and the importer's checks.

Writer: observed in real-exports and vm-export.  Importer: section 6.
"""

import hashlib
import itertools
import re
import xml.etree.ElementTree as ElementTree

from .clock import iso
from .schema import CLASSES, NULL
from .tarstream import END, EndOfFile, TarError, TarReader, entry
from .wire import BadRequest, Failure, parse_value, to_xml
from .xxh64 import xxh64

CHUNK = 1 << 20
XAPI_VERSION = (23, 1)

#: Fields without which the importer refuses an archive (xapi-observed.md section 6).
REQUIRED = {
    "VM": "uuid user_version is_a_template resident_on affinity memory_static_max "
    "memory_dynamic_max memory_dynamic_min memory_static_min VCPUs_params VCPUs_max "
    "VCPUs_at_startup actions_after_shutdown actions_after_reboot actions_after_crash "
    "PV_bootloader PV_kernel PV_ramdisk PV_args PV_bootloader_args PV_legacy_args "
    "HVM_boot_policy HVM_boot_params platform PCI_bus other_config domid domarch "
    "is_control_domain metrics guest_metrics recommendations",
    "VDI": "uuid SR virtual_size physical_utilisation type sharable read_only other_config "
    "storage_lock managed missing parent",
    "VBD": "uuid VM VDI userdevice bootable mode type storage_lock empty other_config "
    "status_code status_detail runtime_properties qos_algorithm_type qos_algorithm_params "
    "qos_supported_algorithms",
    "VIF": "uuid device network VM MAC MTU other_config status_code status_detail "
    "runtime_properties qos_algorithm_type qos_algorithm_params qos_supported_algorithms",
    "SR": "uuid virtual_allocation physical_utilisation physical_size type content_type shared "
    "other_config",
    "network": "uuid other_config",
}

#: Ref numbers count over the whole process (observed: section 5).
_numbers = itertools.count(1)


class ImportFailed(Exception):
    """The import ends with this Failure."""

    def __init__(self, *info):
        super().__init__(*info)
        self.failure = Failure(*info)


def internal(text):
    """An OCaml exception as the importer reports it."""
    return ImportFailed("IMPORT_ERROR", f"INTERNAL_ERROR: [ {text} ]")


# -- export ---------------------------------------------------------------------
class Manifest:
    """The objects of an export and their Ref:N names."""

    def __init__(self, db, vms, include_disks=True):
        self.db, self.names, self.objects, self.disks = db, {}, [], []
        self.plain = include_disks
        picked = {"VM": list(vms), "VBD": [], "VIF": [], "network": [], "VDI": [], "SR": []}
        for vm in vms:
            row = db.row("VM", vm)
            picked["VBD"] += row["VBDs"]
            picked["VIF"] += row["VIFs"]
        for vif in picked["VIF"]:
            network = db.row("VIF", vif)["network"]
            if network not in picked["network"]:
                picked["network"].append(network)
        for vbd in picked["VBD"]:
            vdi = db.row("VBD", vbd)["VDI"]
            if vdi in db.tables["VDI"] and vdi not in picked["VDI"]:
                picked["VDI"].append(vdi)
                sr = db.row("VDI", vdi)["SR"]
                if sr not in picked["SR"]:
                    picked["SR"].append(sr)
        for cls, refs in picked.items():
            for ref in refs:
                self.name(ref)
        for cls, refs in picked.items():
            for ref in refs:
                self.objects.append(
                    {"class": cls, "id": self.name(ref), "snapshot": self._record(cls, ref)}
                )
        for vdi in picked["VDI"]:
            row = db.row("VDI", vdi)
            disk = any(db.row("VBD", b)["type"] == "Disk" for b in row["VBDs"]
                       if b in picked["VBD"])
            if include_disks and disk and db.row("SR", row["SR"])["content_type"] != "iso":
                self.disks.append((self.name(vdi), vdi, row["virtual_size"]))
        self.disks.sort()

    def name(self, ref):
        """The external name of a reference."""
        if ref in (NULL, ""):
            return ref
        if ref not in self.names:
            self.names[ref] = f"Ref:{next(_numbers)}"
        return self.names[ref]

    def _record(self, cls, ref):
        record = {}
        for name, value in self.db.row(cls, ref).items():
            kind = CLASSES[cls][name].kind
            if kind == "r":
                value = self.name(value)
            elif kind == "R":
                value = [self.name(v) for v in value]
            record[name] = value
        if cls == "VM" and self.plain:
            # without snapshot metadata (xen-api ocaml/xapi/export.ml, make_vm)
            record.update(is_a_snapshot=False, snapshot_of=NULL, snapshot_time="19700101T00:00:00Z")
        return record

    def ova_xml(self):
        """The metadata member."""
        version = {
            "hostname": "localhost", "date": iso(), "product_version": "8.3.0",
            "product_brand": "XenServer", "build_number": "1",
            "xapi_major": str(XAPI_VERSION[0]), "xapi_minor": str(XAPI_VERSION[1]),
            "export_vsn": "2",
        }
        text = to_xml({"version": version, "objects": self.objects})
        return text.encode("utf-8", "sim-lenient")


def export_pieces(pool, manifest, progress):
    """The pieces of an archive; progress(fraction) is told about it."""
    yield entry("ova.xml", manifest.ova_xml())
    total = sum(size for _, _, size in manifest.disks) or 1
    done = 0
    for name, vdi, size in manifest.disks:
        disk = pool.disks[vdi]
        last = (size - 1) // CHUNK
        touched = {b * 65536 // CHUNK for b in list(disk.blocks)}
        for number in sorted(touched | {0, last}):
            if not 0 <= number <= last:
                continue
            data = disk.read(number * CHUNK, min(CHUNK, size - number * CHUNK))
            if number not in (0, last) and not any(data):
                continue
            member = f"{name}/{number:08d}"
            yield entry(member, data) + entry(f"{member}.xxhash", b"%016X" % xxh64(data))
            progress(min(0.99, (done + number * CHUNK) / total))
        done += size
    yield END


# -- import ---------------------------------------------------------------------
def parse_ova(data):
    """(version, objects) of an ova.xml."""
    try:
        value = parse_value(ElementTree.fromstring(data.decode("utf-8")))
        version, objects = value["version"], value["objects"]
        table = {}
        for item in objects:
            table[item["id"]] = (item["class"], item["snapshot"])
        return version, table
    except (ElementTree.ParseError, UnicodeDecodeError, RecursionError):
        raise internal('Xmlm.Error("malformed")') from None
    except (BadRequest, KeyError, TypeError) as error:
        raise internal(f'Failure("Malformed ova.xml: {error}")') from None


def check_version(version):
    """Newer than this xapi is refused, older is fine (observed: real-exports/003-010)."""
    try:
        major = (int(version["xapi_major"]), int(version["xapi_minor"]))
        int(version["export_vsn"])
    except (KeyError, ValueError, TypeError):
        raise internal('Failure("Int64.of_string")') from None
    if major > XAPI_VERSION:
        raise ImportFailed("IMPORT_INCOMPATIBLE_VERSION")


def check_required(objects):
    """Every record needs the fields of its decoder."""
    for cls, snapshot in objects.values():
        for name in REQUIRED.get(cls, "").split():
            if not isinstance(snapshot, dict) or name not in snapshot:
                raise internal(f'Failure("Field {name} not present in rpc")')


def field_values(cls, snapshot, wanted=None):
    """Record fields of an archive in this database's types."""
    values = {}
    for name, field in CLASSES[cls].items():
        if name not in snapshot or (wanted and name not in wanted):
            continue
        value = snapshot[name]
        try:
            if field.kind == "i":
                value = int(value)
            elif field.kind == "f":
                value = float(value)
            elif field.kind == "b":
                value = bool(value) if not isinstance(value, str) else value in ("1", "true")
            elif field.kind == "M":
                value = {str(k): str(v) for k, v in value.items()}
            elif field.kind in "SR":
                value = [str(v) for v in value]
            else:
                value = str(value)
        except (TypeError, ValueError, AttributeError):
            raise internal('Failure("Int64.of_string")') from None
        values[name] = value
    return values


def receive_disks(reader, targets, force):
    """Read the chunks of the disks in order: targets = [(Ref:N, SparseDisk, size)].

    offset += (n - last - 1) * size of the first chunk, then the data, as the
    importer does (xapi.md 2.1).
    """
    tar = TarReader(reader.read)
    pending = None
    for name, disk, size in targets:
        offset, last, first_size, final = 0, -1, None, size
        while offset < final:
            try:
                item = pending or tar.next()
            except EndOfFile:
                raise ImportFailed("IMPORT_ERROR_PREMATURE_EOF") from None
            except TarError as error:
                raise internal(str(error)) from None
            pending = None
            if item is None:
                raise internal("Tar.Header.End_of_stream")
            match = re.fullmatch(r"(.+)/(\d{8})", item[0])
            if match is None or match[1] != name:
                raise ImportFailed("IMPORT_ERROR_UNEXPECTED_FILE", name, item[0])
            number = int(match[2])
            if number <= last:
                raise internal("Stream_vdi.Invalid_sequence")
            first_size = first_size or item[1] or CHUNK
            offset += (number - last - 1) * first_size
            if offset + item[1] > final:
                raise internal("Stream_vdi.Too_large")
            try:
                data = tar.exactly(item[1])
                disk.write(offset, data)
                _check_chunk(tar, item[0], data, force)
            except EndOfFile:
                raise ImportFailed("IMPORT_ERROR_PREMATURE_EOF") from None
            except TarError as error:
                raise internal(str(error)) from None
            offset += item[1]
            last = number


def _check_chunk(tar, member, data, force):
    item = tar.next()
    if item is None:
        raise internal("Tar.Header.End_of_stream")
    name, size = item
    if name == f"{member}.xxhash":
        wanted = b"%016X" % xxh64(data)
    elif name == f"{member}.checksum":
        wanted = hashlib.sha1(data).hexdigest().encode()
    else:
        text = f'Stream_vdi.Failure("Found unsupported checksum file: {name}")'
        raise internal(text)
    if size > 4096:
        raise internal("Tar.Header.Checksum_mismatch")
    found = tar.exactly(size)
    if found.strip().upper() != wanted.upper() and not force:
        shown, right = found.decode("latin-1"), wanted.decode()
        text = (f"Block {member} checksum failed: original = {shown}; recomputed = {right}")
        raise internal(f'Stream_vdi.Invalid_checksum("{text}")')
