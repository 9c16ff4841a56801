# SPDX-License-Identifier: GPL-3.0-or-later
"""VDIs (observed: sr-vdi/041-088)."""

from .nbd import NbdService
from .rpc import api
from .schema import NULL
from .snapshots import clone_vdi
from .storage import plugged
from .vm import record_fields
from .wire import Failure


@api("VDI.create", "X", True)
def vdi_create(ctx, record):
    """Observed: sr-vdi/041-053."""
    fields = record_fields(
        "VDI", record, ("SR", "virtual_size", "type", "sharable", "read_only", "other_config"),
        ("name_label", "name_description", "xenstore_data", "sm_config", "tags"),
    )
    sr = ctx.db.row("SR", fields.pop("SR"))
    plugged(ctx, sr)
    size = fields["virtual_size"]
    if size < 0:  # observed: sr-vdi/048
        raise Failure("SR_BACKEND_FAILURE_1", "", "Python int too large to convert to C long", "")
    ctx.pool.check_space(sr.ref, size)
    return ctx.pool.make_vdi(sr.ref, **fields)


def in_use(ctx, ref, word):
    """VDI_IN_USE while a VBD is attached (observed: errors-sessions/114, extra/035)."""
    row = ctx.db.row("VDI", ref)
    if ctx.pool.operations.attached(ref) or row["current_operations"]:
        raise Failure("VDI_IN_USE", ref, word)
    return row


@api("VDI.destroy", "r.VDI", True)
def vdi_destroy(ctx, ref):
    with ctx.db.lock:
        in_use(ctx, ref, "destroy")
        ctx.pool.drop_vdi(ref)


@api("VDI.forget", "r.VDI", True)
def vdi_forget(ctx, ref):
    with ctx.db.lock:
        in_use(ctx, ref, "forget")
        ctx.pool.drop_vdi(ref)


@api("VDI.resize", "r.VDI i", True)
def vdi_resize(ctx, ref, size):
    with ctx.db.lock:
        row = in_use(ctx, ref, "resize")
        ctx.pool.check_space(row["SR"], size - row["virtual_size"])
        ctx.db.set("VDI", ref, virtual_size=size)


@api("VDI.resize_online", "r.VDI i", True)
def vdi_resize_online(ctx, ref, size):
    raise Failure("MESSAGE_REMOVED")  # observed: sr-vdi/056


@api("VDI.snapshot", "r.VDI M?", True)
def vdi_snapshot(ctx, ref, driver_params):
    return clone_vdi(ctx, ref, snapshot=True)


@api("VDI.clone", "r.VDI M?", True)
def vdi_clone(ctx, ref, driver_params):
    return clone_vdi(ctx, ref)


@api("VDI.copy", "r.VDI r r? r?", True)
def vdi_copy(ctx, ref, sr, base, into):
    """Into a new VDI of sr, or into an existing one."""
    if into != NULL:
        ctx.db.row("VDI", into)
        if ref in ctx.pool.disks:
            ctx.pool.disks[into] = ctx.pool.disks[ref].clone()
        return into
    ctx.db.row("SR", sr)
    return clone_vdi(ctx, ref, sr)


@api("VDI.pool_migrate", "r.VDI r.SR M", True)
def vdi_pool_migrate(ctx, ref, sr, options):
    new = clone_vdi(ctx, ref, sr)
    ctx.pool.drop_vdi(ref)
    return new


@api("VDI.update", "r.VDI", True)
def vdi_update(ctx, ref):
    ctx.db.touch("VDI", ref)


@api("VDI.introduce", "s s s r.SR s b b M s M M b? i? i? r? b? d? r?", True)
def vdi_introduce(ctx, identity, name, description, sr, *rest):
    """A location the SR does not hold (observed: sr-vdi/080)."""
    ctx.db.row("SR", sr)
    location = rest[4]
    error = f"Storage_error ([S(Vdi_does_not_exist);S({location})])"
    raise Failure("INTERNAL_ERROR", error)


@api("VDI.get_nbd_info", "r.VDI")
def vdi_get_nbd_info(ctx, ref):
    """Empty as long as no network has the purpose nbd (observed: errors-sessions/137); the name of
    an export holds the session (xapi.md 3.4)."""
    row = ctx.db.row("VDI", ref)
    if not any("nbd" in network["purpose"] for network in ctx.db.rows("network")):
        return []
    pool = ctx.pool
    with ctx.db.lock:
        if pool.nbd is None:
            pool.nbd = NbdService(pool)
    return [{
        "exportname": f"/{row['uuid']}?session_id={ctx.session}", "address": pool.master_address,
        "port": str(pool.nbd.port), "cert": pool.tls.pem, "subject": pool.master_address,
    }]


@api("VDI.data_destroy", "r.VDI", True)
def vdi_data_destroy(ctx, ref):
    raise Failure("VDI_NO_CBT_METADATA", ref)


def _no_cbt(ctx, ref):
    raise Failure("SR_OPERATION_NOT_SUPPORTED", ctx.db.row("VDI", ref)["SR"])


@api("VDI.enable_cbt", "r.VDI", True)
def vdi_enable_cbt(ctx, ref):
    _no_cbt(ctx, ref)


@api("VDI.disable_cbt", "r.VDI", True)
def vdi_disable_cbt(ctx, ref):
    _no_cbt(ctx, ref)


@api("VDI.list_changed_blocks", "r.VDI r", True)
def vdi_list_changed_blocks(ctx, ref, other):
    _no_cbt(ctx, ref)
