"""The HTTP handlers for disks, archives and consoles.

Every transfer answers 200 before it works; the verdict is in the task.
Statuses, header spelling and failure shapes: observed in vdi-transfer,
vdi-vhd-and-export, vm-export, real-exports, extra and errors-sessions.
"""

import struct

from . import vhd
from .http_front import Closed
from .rpc import Context
from .schema import NULL
from .tarstream import (
    EndOfFile, GzipWriter, PlainWriter, Reader, TarError, TarReader, ZstdWriter, END, entry,
)
from .tasks import Cancelled
from .wire import Failure, to_xml
from .xva import Manifest, export_pieces
from .xxh64 import xxh64

_PLAIN = "Connection: close\r\nCache-Control: no-cache, no-store\r\n"
MIB = 1 << 20


class IoError(Exception):
    """vhd-tool died: VDI_IO_ERROR."""


def handle(conn, request, route, session, outcome):
    """Run the handler of a route."""
    redirect = None if route == "/console" else conn.pool.faults.take("redirect", route)
    if redirect is not None:
        host = redirect.args["host"] or conn.pool.master_address
        port = redirect.args["port"] or str(conn.member.port)
        port = "" if port == "none" else f":{port}"
        outcome["http"] = "302"
        target = f"https://{host}{port}{request.target}"
        conn.send(f"HTTP/1.1 302 Found\r\n{_PLAIN}Location: {target}\r\n\r\n".encode("latin-1"))
        raise Closed()
    Transfer(conn, request, session, outcome).run(route)


class Transfer:
    """One transfer request and its task."""

    def __init__(self, conn, request, session, outcome):
        self.conn, self.request, self.session, self.outcome = conn, request, session, outcome
        self.pool, self.db = conn.pool, conn.pool.db
        self.task = None
        self.body_sent = 0

    def run(self, route):
        """Dispatch; whatever goes wrong ends up in the task and in the answer."""
        if route == "/console":
            from .console import console

            console(self)
            return
        if route in ("/vncsnapshot", "/services", "/rrd_updates"):
            self.outcome["http"] = "500"
            self.conn.page_500("Not_simulated", self.request.version)
        length = self.request.headers.get("content-length")
        if self.request.verb == "PUT" and length == "0" and "task_id" not in self.request.query:
            # the redirect probe of Xen Orchestra: no side effect (xapi-simulator.md section C)
            self.early("200 OK", "HTTP/1.1", f"content-type: application/octet-stream\r\n")
            return
        self._adopt_task()
        worker = {
            "/import_raw_vdi": self.import_raw_vdi, "/export_raw_vdi": self.export_raw_vdi,
            "/export": self.export, "/export_metadata": self.export_metadata,
            "/import": self.import_vm, "/import_metadata": self.import_vm,
        }[route]
        try:
            worker()
        except Failure as failure:
            self.pool.tasks.fail(self.task, failure)
            raise Closed() from None
        except Cancelled as cancelled:
            self.pool.tasks.fail(self.task, cancelled)
            raise Closed() from None

    # -- common parts ------------------------------------------------------------
    def _adopt_task(self):
        """The client's task, or one of our own; an unknown one is a 500 (vdi-vhd/057)."""
        given = self.request.query.get("task_id")
        if given is None:
            self.task = self.pool.tasks.create(f"{self.request.verb} {self.request.path}")
        elif self.db.find("task", given) is None:
            self.outcome["http"] = "500"
            self.conn.page_500(f'Db_exn.DBCache_NotFound("missing row", "task", "{given}")')
        else:
            self.task = given
        self.outcome["task"] = self.task

    def early(self, status, version="HTTP/1.1", extra=""):
        """The answer that precedes the work."""
        self.outcome["http"] = status[:3]
        self.conn.send(f"{version} {status}\r\n{_PLAIN}{extra}\r\n".encode("latin-1"))

    def refuse(self, status, version, *info):
        """A refusal with bare headers; the reason is only in the task."""
        self.pool.tasks.fail(self.task, Failure(*info))
        self.early(status, version)
        raise Closed()

    def late_page(self, text, before=b""):
        """A full error response behind the 200 headers (observed: vdi-transfer/034)."""
        self.outcome["late"] = text
        try:
            self.conn.send(before)
            self.conn.page_500(text)
        except Closed:
            pass
        raise Closed()

    def fail_late(self, failure, text=None, put=True):
        """Task failure plus the pages an upload gets."""
        self.pool.tasks.fail(self.task, failure)
        before = f"HTTP/1.1 400 Bad Request\r\n{_PLAIN}\r\n".encode() if put else b""
        self.late_page(text or shown(failure), before)

    def source(self):
        """read(n) over the body: Content-Length bytes, or until the peer closes."""
        length = self.request.headers.get("content-length")
        left = [int(length) if length and length.isdigit() else None]
        cut = self.pool.faults.take("cut", self.request.path)
        if cut is not None:
            left[0] = min(left[0] or 1 << 62, int(cut.args["bytes"]))

        def pieces():
            if left[0] == 0:
                if cut is not None:
                    self.conn.reset()
                return b""
            data = self.conn.receive(min(65536, left[0] or 65536))
            if left[0] is not None:
                left[0] -= len(data)
            return data

        return Reader(pieces)

    def write(self, data):
        """Body bytes of a download, with the faults that break it."""
        for kind in ("cut", "html-in-body"):
            for fault in list(self.pool.faults.active):
                if fault.kind == kind and fault.matches(self.request.path):
                    limit = int(fault.args["bytes"])
                    if self.body_sent + len(data) >= limit:
                        self.pool.faults.take(kind, self.request.path)
                        self.conn.send(data[: limit - self.body_sent])
                        if kind == "cut":
                            self.pool.tasks.fail(self.task, Failure("VDI_IO_ERROR", DEVICE_ERRORS))
                            self.conn.reset()
                        raise IoError()
        self.conn.send(data)
        self.body_sent += len(data)

    def find_vdi(self, text):
        """By reference or uuid, or the page of vdi-vhd/039; the task stays pending."""
        row = self.db.lookup("VDI", text)
        if row is None:
            self.outcome["http"] = "500"
            self.conn.page_500(f'Db_exn.Read_missing_uuid("VDI", "", "{text}")')
        return row

    def announce(self, version, kind, extra="", space=""):
        """200 with the task id; raw handlers put no space behind the colon."""
        header = f"task-id:{space}{self.task}\r\n"
        self.early("200 OK", version, f"{header}{extra}content-type:{kind}\r\n")

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
        if chunked and form == "vhd":
            self.refuse("404 Not Found", "HTTP/1.0", "INTERNAL_ERROR", "Cannot handle chunked VHD")
        self.announce("HTTP/1.1", " application/octet-stream")
        vbd = self.pool.dom0_vbd(target, "RW")
        try:
            self._receive(target, form, chunked)
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
        self.pool.tasks.finish(self.task, "success", target)

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
        self.pool.tasks.finish(self.task, "success", text="")

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

    # -- export and import of VMs ---------------------------------------------------------
    def export(self):
        """GET /export (observed: section 5)."""
        vm = self._export_vm()
        ctx = self._context("VM.export")
        with Held(self, ctx, vm, "export"):
            manifest = Manifest(self.db, [vm])
            compression = self.request.query.get("use_compression", "")
            writer = {"true": GzipWriter, "gzip": GzipWriter, "zstd": ZstdWriter}.get(
                compression, PlainWriter
            )()
            self._export_head()
            vbds = [self.pool.dom0_vbd(v, "RO") for _, v, _ in manifest.disks]
            try:
                report = lambda value: self.pool.tasks.progress(self.task, value)  # noqa: E731
                for piece in export_pieces(self.pool, manifest, report):
                    self.pool.tasks.check(self.task)
                    self.write(writer.write(piece))
                self.write(writer.end())
            except Closed:
                text = 'INTERNAL_ERROR: [ Unix.Unix_error(Unix.EPIPE, "write", "") ]'
                raise Failure("CLIENT_ERROR", text) from None
            except IoError:
                self.fail_late(Failure("VDI_IO_ERROR", DEVICE_ERRORS), put=False)
            finally:
                for vbd in vbds:
                    self.pool.drop_dom0_vbd(vbd)
        self.pool.tasks.finish(self.task, "success", text="")

    def _export_head(self, length=None):
        size = f"Content-Length: {length}\r\n" if length is not None else ""
        self.early(
            "200 OK", "HTTP/1.0",
            f"task-id: {self.task}\r\nServer: xapi/23.1\r\n"
            f"content-type: application/octet-stream\r\n{size}"
            'Content-Disposition: attachment; filename="export.xva"\r\n',
        )

    def _export_vm(self):
        """No ref: 500; a bad one: closed without a byte (observed: vm-export/014, 015)."""
        query = self.request.query
        text = query.get("ref") or query.get("uuid")
        if text is None:
            self.outcome["http"] = "500"
            self.conn.page_500("Not_found", self.request.version)
        row = self.db.lookup("VM", text)
        if row is None:
            self.pool.tasks.fail(self.task, Failure("NO_HOSTS_AVAILABLE"))
            raise Closed()
        return row.ref

    def _context(self, method):
        ctx = Context(self.pool, self.conn.member, self.session, method)
        ctx.task = ctx.operation = self.task
        return ctx

    def export_metadata(self):
        """GET /export_metadata has a Content-Length (observed: vm-export/009)."""
        if self.request.query.get("all") == "true":
            for row in self.db.rows("VM"):
                if "import" in row["current_operations"].values():
                    task = next(iter(row["current_operations"]))
                    failure = Failure("OTHER_OPERATION_IN_PROGRESS", "VM.import", task)
                    self.pool.tasks.fail(self.task, failure)
                    self.outcome["http"] = "500"
                    self.conn.send(b"HTTP/1.1 500 internal error\r\ncontent-length: 0\r\n\r\n")
                    self.conn.page_500(shown(failure), self.request.version)
            dom0 = self.request.query.get("include_dom0") == "true"
            vms = [r.ref for r in self.db.rows("VM")
                   if not r["is_default_template"] and (dom0 or not r["is_control_domain"])]
        else:
            vm = self._export_vm()
            vms = [vm]
            if self.request.query.get("export_snapshots", "true") == "true":
                vms += self.db.row("VM", vm)["snapshots"]
            self.pool.operations.hold("VM", vm, self.task, "metadata_export")
        try:
            data = entry("ova.xml", Manifest(self.db, vms, False).ova_xml()) + END
            self._export_head(len(data))
            self.write(data)
        finally:
            self.pool.operations.release("VM", vms[0] if vms else "", self.task)
        self.pool.tasks.finish(self.task, "success", text="")

    def import_vm(self):
        """PUT /import and /import_metadata."""
        from .importer import Importer

        Importer(self).run()


DEVICE_ERRORS = "Device I/O errors"


def shown(failure):
    """CODE: [ a; b ] as the HTML pages show an error (observed: vm-export/017)."""
    code, *params = failure.info
    return f"{code}: [ {'; '.join(params)} ]"


class Held:
    """Holds a VM during an export; a refusal is a 500 page and the task's failure."""

    def __init__(self, transfer, ctx, vm, operation):
        self.transfer, self.ctx, self.vm, self.operation = transfer, ctx, vm, operation

    def __enter__(self):
        transfer = self.transfer
        try:
            transfer.pool.operations.begin(self.ctx, self.vm, self.operation)
        except Failure as failure:
            transfer.pool.tasks.fail(transfer.task, failure)
            transfer.outcome["http"] = "500"
            transfer.conn.page_500(shown(failure), transfer.request.version)

    def __exit__(self, *_):
        self.transfer.pool.operations.end(self.ctx, self.vm)


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


__all__ = ["NULL", "to_xml"]
