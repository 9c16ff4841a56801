# SPDX-License-Identifier: GPL-3.0-or-later
"""PUT /import: from an archive to a VM, or nothing left behind (observed: section 6)."""

import uuid

from .connection import Closed
from .schema import NULL
from .tarstream import EndOfFile, TarError, TarReader, decompressed
from .vm import drop_vm
from .wire import Failure
from .xva import (
    ImportFailed, check_required, check_version, field_values, internal, parse_ova, receive_disks,
)

_VM_OWN = set(
    "allowed_operations current_operations power_state resident_on domid consoles VIFs VBDs "
    "metrics guest_metrics snapshots parent children scheduled_to_be_resident_on affinity "
    "suspend_VDI suspend_SR appliance protection_policy snapshot_schedule crash_dumps VTPMs "
    "VGPUs VUSBs attached_PCIs snapshot_of is_control_domain blobs".split()
)


class Importer:
    """One import."""

    def __init__(self, transfer):
        self.transfer, self.pool, self.db = transfer, transfer.pool, transfer.db
        query = transfer.request.query
        self.force = query.get("force") == "true"
        self.restore = query.get("restore") == "true"
        self.metadata = transfer.request.path.startswith("/import_metadata")
        self.made = []  # (class, ref)
        self.vms = []

    def run(self):
        """The whole request."""
        transfer, query = self.transfer, self.transfer.request.query
        if transfer.request.headers.get("transfer-encoding"):
            transfer.refuse("403 Forbidden", "HTTP/1.1", "IMPORT_ERROR_CANNOT_HANDLE_CHUNKED")
        given = query.get("sr_id") or query.get("sr_uuid")
        sr = self.db.lookup("SR", given or self.pool.pool_row["default_SR"])
        if sr is None:
            code = "NO_HOSTS_AVAILABLE" if given else "DEFAULT_SR_NOT_FOUND"
            self.pool.tasks.fail(transfer.task, Failure(code))
            transfer.outcome["http"] = "500"
            transfer.conn.page_500(f"{code}: [  ]", transfer.request.version)
        if sr["content_type"] == "iso":  # observed: extra/039
            self.pool.tasks.fail(transfer.task, Failure("SR_OPERATION_NOT_SUPPORTED"))
            transfer.early("400 Bad Request")
            transfer.late_page("SR_OPERATION_NOT_SUPPORTED: [  ]")
        transfer.announce("HTTP/1.1", " application/octet-stream")
        try:
            self._import(sr.ref)
        except ImportFailed as failed:
            self._clean_up()
            self.pool.tasks.fail(transfer.task, failed.failure)
            info = failed.failure.info
            transfer.late_page(f"{info[0]}: [ {'; '.join(info[1:])} ]")
        except Closed:  # observed: section 6
            self._clean_up()
            text = 'INTERNAL_ERROR: [ Unix.Unix_error(Unix.ECONNRESET, "read", "") ]'
            raise Failure("IMPORT_ERROR", text) from None
        except Failure:
            self._clean_up()
            raise
        for vm in self.vms:
            self.pool.operations.release("VM", vm, transfer.task)
            self.pool.operations.refresh_vm(vm)
        transfer.finish(self.vms)

    def _import(self, sr):
        reader = decompressed(self.transfer.source())
        tar = TarReader(reader.read)
        try:
            item = tar.next()
            if item is None:
                raise internal("Tar.Header.End_of_stream")
            if item[0] != "ova.xml":
                raise ImportFailed("IMPORT_ERROR_UNEXPECTED_FILE", "ova.xml", item[0])
            if item[1] > 64 << 20:
                raise internal("Stack_overflow")
            version, objects = parse_ova(tar.exactly(item[1]))
            tar.exactly(-item[1] % 512)
        except EndOfFile:
            raise ImportFailed("IMPORT_ERROR_PREMATURE_EOF") from None
        except TarError as error:
            raise internal(str(error)) from None
        check_version(version)
        check_required(objects)
        targets = self._create(sr, objects)
        task = self.db.find("task", self.transfer.task)
        if task is not None:
            other = {**task["other_config"], "object_creation": "complete"}
            self.db.set("task", task.ref, other_config=other)
        if self.metadata:
            if targets and not self.force:
                raise ImportFailed("VDI_CONTENT_ID_MISSING")
            return
        self.pool.tasks.check(self.transfer.task)
        receive_disks(reader, targets, self.force)
        self.transfer.late_failure()

    def _create(self, sr, objects):
        """Records first, disks empty; returns [(Ref:N, disk, size)] in string order."""
        pool, db, task = self.pool, self.db, self.transfer.task
        names, targets = {}, []
        disk_vdis = {s["VDI"] for c, s in objects.values() if c == "VBD" and s["type"] == "Disk"}
        for name, (cls, snapshot) in objects.items():
            if cls == "VM":
                names[name] = self._create_vm(snapshot)
            elif cls == "VDI" and name in disk_vdis:
                owner = objects.get(snapshot["SR"], ("", {}))[1]
                if owner.get("content_type") == "iso":
                    continue
                fields = field_values("VDI", snapshot, {
                    "name_label", "name_description", "virtual_size", "type", "sharable",
                    "read_only", "other_config", "tags", "xenstore_data",
                })
                names[name] = pool.make_vdi(
                    sr, sm_config={"import_task": task}, **fields
                )
                self.made.append(("VDI", names[name]))
                if not snapshot.get("is_a_snapshot") or snapshot["is_a_snapshot"] is True:
                    targets.append((name, pool.disks[names[name]], fields["virtual_size"]))
        networks = {n["name_label"]: n.ref for n in db.rows("network")}
        for name, (cls, snapshot) in objects.items():
            if cls not in ("VBD", "VIF") or snapshot["VM"] not in names:
                continue
            fields = field_values(cls, snapshot)
            for gone in ("uuid", "allowed_operations", "current_operations", "currently_attached"):
                fields.pop(gone, None)
            fields["VM"] = names[snapshot["VM"]]
            if cls == "VBD":
                fields["VDI"] = names.get(snapshot["VDI"], NULL)
                if fields["VDI"] == NULL:
                    if fields["type"] == "Disk":
                        raise ImportFailed("IMPORT_ERROR_ATTACHED_DISKS_NOT_FOUND")
                    fields["empty"] = True
            else:
                old = objects.get(snapshot["network"], ("", {}))[1].get("name_label", "")
                fields["network"] = networks.get(old) or next(iter(db.tables["network"]))
                if not self.restore:
                    fields["MAC"] = pool.new_mac()
            db.create(cls, **fields)
        for vm in self.vms:
            pool.operations.refresh_vm(vm)
        return sorted(targets)

    def _create_vm(self, snapshot):
        pool, db, task = self.pool, self.db, self.transfer.task
        fields = {k: v for k, v in field_values("VM", snapshot).items() if k not in _VM_OWN}
        identity = fields.pop("uuid")
        existing = db.by_uuid["VM"].get(identity)
        if self.restore:
            if existing is not None and not self.force:
                raise ImportFailed(
                    "VM_TO_IMPORT_IS_NOT_NEWER_VERSION", existing, "1", "0"
                )
            if existing is not None:
                drop_vm(pool, existing)
            fields["uuid"] = identity
        other = dict(fields.get("other_config", {}))
        if not self.restore:
            other["mac_seed"] = str(uuid.uuid4())
        other["import_task"] = task
        fields["other_config"] = other
        metrics = db.create("VM_metrics", current_domain_type="unspecified")
        ref = db.create("VM", power_state="Halted", domid=-1, metrics=metrics, **fields)
        self.made.append(("VM", ref))
        self.vms.append(ref)
        pool.operations.hold("VM", ref, task, "import")
        return ref

    def _clean_up(self):
        """Nothing is left of a failed import, except with force (observed: section 6)."""
        if self.force:
            for vm in self.vms:
                self.pool.operations.release("VM", vm, self.transfer.task)
            return
        for cls, ref in reversed(self.made):
            if cls == "VM":
                drop_vm(self.pool, ref)
        for cls, ref in self.made:
            if cls == "VDI":
                self.pool.drop_vdi(ref)
