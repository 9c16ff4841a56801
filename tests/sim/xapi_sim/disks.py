# SPDX-License-Identifier: GPL-3.0-or-later
"""/import_raw_vdi and /export_raw_vdi (observed: vdi-transfer, vdi-vhd-and-export)."""

import struct

from . import vhd
from .connection import Closed
from .tarstream import END, EndOfFile, TarError, TarReader, entry
from .transfers import DEVICE_ERRORS, IoError, Transfer
from .wire import Failure
from .xxh64 import xxh64

MIB = 1 << 20


class DiskTransfer(Transfer):
    """The contents of one VDI, up or down."""

    # -- uploads to a disk -------------------------------------------------------------
    def import_raw_vdi(self):
        """PUT /import_raw_vdi (observed: section 4)."""
        query, headers = self.request.query, self.request.headers
        form = query.get("format", "raw")
        chunked = "chunked" in query  # its mere presence counts
        if "vdi" in query:
            row = self.find_vdi(query["vdi"])
            target = row.ref
        else:
            target = self._new_vdi(form)
        if headers.get("transfer-encoding"):
            text = f"Cannot handle encoding: {headers['transfer-encoding']}"
            self.refuse("404 Not Found", "HTTP/1.0", "INTERNAL_ERROR", text)
        if form not in ("raw", "vhd", "tar"):
            self.refuse("404 Not Found", "HTTP/1.0", "INTERNAL_ERROR", f"Unknown format {form}")
        if chunked and (form == "vhd" or self.pool.faults.take("no-extents")):
            text = f"Cannot handle chunked {form.upper()}"
            self.refuse("404 Not Found", "HTTP/1.0", "INTERNAL_ERROR", text)
        self.announce("HTTP/1.1", " application/octet-stream")
        vbd = self.pool.dom0_vbd(target, "RW")
        try:
            self._receive(target, form, chunked)
        except Closed:
            raise Failure("VDI_IO_ERROR", DEVICE_ERRORS) from None
        except (IoError, vhd.BadVhd):
            self.pool.drop_dom0_vbd(vbd)
            self.fail_late(Failure("VDI_IO_ERROR", DEVICE_ERRORS))
        except TarError as error:
            self.pool.drop_dom0_vbd(vbd)
            self.fail_late(Failure("INTERNAL_ERROR", str(error)), str(error))
        except EndOfFile:
            self.pool.drop_dom0_vbd(vbd)
            self.fail_late(Failure("VDI_IO_ERROR", DEVICE_ERRORS))
        finally:
            self.pool.drop_dom0_vbd(vbd)
        self.late_failure()
        self.finish(target)

    def _new_vdi(self, form):
        """Without vdi: sr_id and raw make one (observed: vdi-vhd/045-052)."""
        query = self.request.query
        sr = self.db.lookup("SR", query.get("sr_id") or query.get("sr_uuid") or "")
        if sr is None:
            self.pool.tasks.fail(self.task, Failure("VDI_MISSING"))
            self.early("400 Bad Request", "HTTP/1.1")
            # observed: the server does not close this one
            try:
                while self.conn.receive(65536, self.pool.clock.seconds(10.0)):
                    pass
            except TimeoutError:
                pass
            raise Closed()
        if form != "raw":
            text = f"Importing a {form.upper()} directly into an SR not yet supported"
            self.refuse("400 Bad Request", "HTTP/1.0", "INTERNAL_ERROR", text)
        length = self.request.headers.get("content-length", "")
        if not length.isdigit():
            self.refuse("400 Bad Request", "HTTP/1.0", "INTERNAL_ERROR", "Content-Length required")
        return self.pool.make_vdi(
            sr.ref, name_label="Imported VDI", name_description="Imported VDI",
            virtual_size=int(length), type="user",
        )

    def _receive(self, target, form, chunked):
        disk = self.pool.disks[target]
        limit = self.db.row("VDI", target)["virtual_size"]
        reader = self.source()
        if form == "tar":
            self._receive_tar(reader, disk, limit)
        elif form == "vhd":
            if "content-length" not in self.request.headers:
                while reader.read(MIB):
                    pass
                raise IoError()
            vhd.load(reader.read, Limited(disk, limit))
        elif chunked:
            receive_extents(reader, Limited(disk, limit))
        else:
            self._receive_raw(reader, Limited(disk, limit))

    def _receive_raw(self, reader, disk):
        text = self.request.headers.get("content-length")
        wanted = int(text) if text and text.isdigit() else None
        offset = 0
        while True:
            data = reader.read(MIB)
            if not data:
                break
            disk.write(offset, data)
            offset += len(data)
            if wanted:
                self.pool.tasks.progress(self.task, min(0.99, int(100 * offset / wanted) / 100))
        if wanted is not None and offset < wanted:
            raise IoError()

    @staticmethod
    def _receive_tar(reader, disk, size):
        """prefix vdi/, checksums behind each chunk (observed: section 4)."""
        tar = TarReader(reader.read)
        offset, last, first = 0, -1, None
        while offset < size:
            item = tar.next()
            if item is None:
                raise TarError("Tar.Header.End_of_stream")
            name, length = item
            data = tar.exactly(length)
            if name.endswith((".xxhash", ".checksum")):
                continue
            if not name.startswith("vdi/") or not name[4:].isdigit():
                raise TarError(f'Failure("unexpected file {name}")')
            first = first or length or MIB
            offset += (int(name[4:]) - last - 1) * first
            disk.write(offset, data)
            last, offset = int(name[4:]), offset + length

    # -- downloads of a disk ------------------------------------------------------------
    def export_raw_vdi(self):
        """GET /export_raw_vdi (observed: section 4)."""
        query = self.request.query
        form = query.get("format", "raw")
        if "vdi" not in query:
            self.outcome["http"] = "500"
            self.conn.page_500('Failure("Missing vdi query parameter")')
        row = self.find_vdi(query["vdi"])
        kinds = {"raw": "application/octet-stream", "vhd": "application/vhd",
                 "tar": "application/x-tar"}
        if form not in kinds:
            self.refuse("404 Not Found", "HTTP/1.0", "INTERNAL_ERROR", f"Unknown format {form}")
        name = f'content-disposition: attachment; filename="{row["uuid"]}.{form}"\r\n'
        header = f"task-id:{self.task}\r\ncontent-type:{kinds[form]}\r\n{name}"
        self.early("200 OK", "HTTP/1.1", header)
        base = self._base(row, query.get("base"))
        vbd = self.pool.dom0_vbd(row.ref, "RO")
        try:
            for piece in self._disk_pieces(row, form, base):
                self.write(piece)
        except IoError:
            self.pool.drop_dom0_vbd(vbd)
            self.fail_late(Failure("VDI_IO_ERROR", DEVICE_ERRORS), put=False)
        except Closed:
            raise Failure("VDI_IO_ERROR", DEVICE_ERRORS) from None
        finally:
            self.pool.drop_dom0_vbd(vbd)
        self.late_failure()
        self.finish(text="")

    def _base(self, row, text):
        if text is None:
            return None
        base = self.db.lookup("VDI", text)
        if base is None:  # observed: vdi-vhd/092
            page = f'Db_exn.Read_missing_uuid("VDI", "", "{text}")'
            self.fail_late(Failure("UUID_INVALID", "VDI", text), page, put=False)
        if self.db.row("SR", row["SR"])["type"] == "lab":  # observed: vdi-vhd/086-090
            page = 'Failure("base VDI is not a vhd; cannot compute differences")'
            self.fail_late(Failure("INTERNAL_ERROR", page), page, put=False)
        return self.pool.disks[base.ref]

    def _disk_pieces(self, row, form, base):
        disk, size = self.pool.disks[row.ref].clone(), row["virtual_size"]
        if form == "vhd":
            yield from vhd.stream(disk, size, base)
            return
        for offset in range(0, size, MIB):
            data = disk.read(offset, min(MIB, size - offset))
            if form == "raw":
                self.pool.tasks.progress(self.task, int(100 * offset / size) / 100)
                yield data
            elif any(data) or offset == 0 or offset + MIB >= size:
                name = f"vdi/{offset // MIB:08d}"
                yield entry(name, data) + entry(f"{name}.xxhash", b"%016X" % xxh64(data))
        if form == "tar":
            yield END


class Limited:
    """A disk that ends: writing past the end is an I/O error, as on a block device."""

    def __init__(self, disk, size):
        self.disk, self.size = disk, size

    def write(self, offset, data):
        """Write what fits, complain about the rest."""
        if offset + len(data) > self.size:
            self.disk.write(offset, data[: max(0, self.size - offset)]) if offset < self.size else 0
            if any(data[max(0, self.size - offset) :]):
                raise IoError()
            raise IoError()
        self.disk.write(offset, data)


def receive_extents(reader, disk):
    """The chunked framing: u64 offset, u32 length, data; 12 zero bytes end it (section 4)."""
    while True:
        head = reader.read(12)
        if len(head) < 12:
            # observed: vdi-transfer/085: a few zero bytes and the end count as the end record
            if head and not any(head):
                return
            raise IoError()
        offset, length = struct.unpack("<QI", head)
        if length == 0:
            if offset == 0:
                return
            continue
        if offset % 512 or length % 512:
            raise IoError()
        while length > 0:
            take = min(length, MIB)
            data = reader.read(take)
            if len(data) < take:
                # the missing part of a cut extent is written as zeros (observed: section 4)
                disk.write(offset, data + b"\0" * (take - len(data)))
                zeros = length - take
                while zeros > 0:
                    offset += take
                    take = min(zeros, MIB)
                    disk.write(offset, b"\0" * take)
                    zeros -= take
                raise IoError()
            disk.write(offset, data)
            offset, length = offset + take, length - take
