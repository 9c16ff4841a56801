# SPDX-License-Identifier: GPL-3.0-or-later
"""/export and /export_metadata (observed: vm-export, real-exports, extra/055)."""

from .connection import Closed
from .rpc import Context
from .tarstream import END, GzipWriter, PlainWriter, ZstdWriter, entry
from .transfers import DEVICE_ERRORS, IoError, Transfer, shown
from .wire import Failure
from .xva import Manifest, export_pieces


class ArchiveTransfer(Transfer):
    """An XVA going out."""

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
                self.pool.tasks.check(self.task)
                text = 'INTERNAL_ERROR: [ Unix.Unix_error(Unix.EPIPE, "write", "") ]'
                raise Failure("CLIENT_ERROR", text) from None
            except IoError:
                self.fail_late(Failure("VDI_IO_ERROR", DEVICE_ERRORS), put=False)
            finally:
                for vbd in vbds:
                    self.pool.drop_dom0_vbd(vbd)
        self.late_failure()
        self.finish(text="")

    def _export_head(self, length=None):
        lie = self.pool.faults.take("length", self.request.path)
        length = lie.args["bytes"] if lie is not None else length
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
        self.finish(text="")


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
