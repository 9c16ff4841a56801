# SPDX-License-Identifier: GPL-3.0-or-later
"""SRs, PBDs and secrets."""

import re
import uuid

from .rpc import api
from .vm import record_fields
from .wire import Failure

#: SM driver -> device_config keys it insists on, with the backend error of a
#: missing one (xapi.md 3.3; the recorded host had none of these drivers).
DRIVERS = {
    "nfs": (("server", "102", "The server parameter is missing"),
            ("serverpath", "101", "The serverpath parameter is missing")),
    "iso": (("location", "94", "The location parameter is missing"),),
    "ext": (("device", "90", "The device parameter is missing"),),
    "lvm": (("device", "90", "The device parameter is missing"),),
    "lvmoiscsi": (("target", "86", "The target parameter is missing"),
                  ("targetIQN", "96", "The targetIQN parameter is missing"),
                  ("SCSIid", "107", "The SCSIid parameter is missing")),
    "smb": (("server", "102", "The server parameter is missing"),),
    "udev": (("location", "94", "The location parameter is missing"),),
    "lab": (),
}


def plugged(ctx, sr):
    """SR_HAS_NO_PBDS unless a PBD is attached (observed: sr-vdi/024)."""
    if not any(ctx.db.row("PBD", r)["currently_attached"] for r in sr["PBDs"]):
        raise Failure("SR_HAS_NO_PBDS", sr.ref)


# -- SR -----------------------------------------------------------------------
def _driver(ctx, name):
    if not any(row["type"] == name for row in ctx.db.rows("SM")):
        raise Failure("SR_UNKNOWN_DRIVER", name)


def _check_config(ctx, kind, config):
    if kind == "iso" and config.get("legacy_mode") != "true":
        location = config.get("location", "")
        if location and not re.match(r"(//|\\\\)[^/\\]|[^/]+:/", location):
            raise Failure("SR_BACKEND_FAILURE_225", "", "Incorrect Location string format", "")
    for key, number, text in DRIVERS.get(kind, ()):
        if not config.get(key):
            raise Failure(f"SR_BACKEND_FAILURE_{number}", "", text, "")


def hide_secrets(pool, config):
    """password keys become <key>_secret (observed: sr-vdi/014-015)."""
    hidden = {}
    for key, value in config.items():
        if key in ("password", "cifspassword", "chappassword", "incoming_chappassword"):
            ref = pool.db.create("secret", value=value)
            hidden[f"{key}_secret"] = pool.db.row("secret", ref)["uuid"]
        else:
            hidden[key] = value
    return hidden


@api("SR.create", "r.host M i s s s s b M?", True)
def sr_create(ctx, host, config, size, name, description, kind, content, shared, sm_config):
    """Shared SRs get a PBD on every host (xapi.md 3.3; observed: cd/002, sr-vdi/002-014)."""
    pool, db = ctx.pool, ctx.db
    _driver(ctx, kind)
    _check_config(ctx, kind, config)
    ctx.step(pool.duration("plug"))
    with db.lock:
        ref = db.create(
            "SR", name_label=name, name_description=description, type=kind,
            content_type=content, shared=shared, sm_config=sm_config,
            physical_size=size or 1 << 40,
        )
        row = db.row("SR", ref)
        db.set("SR", ref, allowed_operations=pool.operations.sr_allowed(row))
        hidden = hide_secrets(pool, config)
        hosts = [h.ref for h in db.rows("host")] if shared else [host]
        for member in hosts:
            plug_failure = pool.faults.take("error", "PBD.plug.on-create")
            db.create(
                "PBD", host=member, SR=ref, device_config=hidden,
                currently_attached=plug_failure is None,
                other_config={"storage_driver_domain": db.row("host", member)["control_domain"]},
            )
        if kind == "iso":
            scan_iso(pool, ref)
        return ref


def scan_iso(pool, sr):
    """What SR.scan of an ISO SR finds: the files a test put there, or two images."""
    known = {pool.db.row("VDI", r)["location"] for r in pool.db.row("SR", sr)["VDIs"]}
    for name in pool.iso_files:
        if name not in known:
            pool.make_vdi(
                sr, name_label=name, location=name, virtual_size=8 * 1024 * 1024, type="user",
                read_only=True,
            )


@api("SR.scan", "r.SR", True)
def sr_scan(ctx, ref):
    row = ctx.db.row("SR", ref)
    plugged(ctx, row)
    if row["type"] == "iso":
        scan_iso(ctx.pool, ref)


@api("SR.update", "r.SR", True)
def sr_update(ctx, ref):
    ctx.db.touch("SR", ref)


@api("SR.get_supported_types")
def sr_get_supported_types(ctx):
    return [row["type"] for row in ctx.db.rows("SM")]


@api("SR.probe", "r.host M s M?", True)
def sr_probe(ctx, host, config, kind, sm_config):
    """nfs without serverpath: the exports come as XML inside an error (xapi.md 3.3)."""
    _driver(ctx, kind)
    if kind == "nfs" and config.get("server") and not config.get("serverpath"):
        exports = (
            '<?xml version="1.0" ?>\n<nfs-exports>\n\t<Export>\n\t\t<Target>%s</Target>\n\t\t'
            "<Path>/srv/vm</Path>\n\t\t<Accesslist>*</Accesslist>\n\t</Export>\n</nfs-exports>\n"
        ) % config["server"]
        text = "The request is missing the serverpath parameter"
        raise Failure("SR_BACKEND_FAILURE_101", "", text, exports)
    if kind == "lab":  # observed: sr-vdi/008
        raise Failure(
            "INTERNAL_ERROR", "Storage_error ([S(Internal_error);S(XMLRPC.RunTimeTypeError(\"unbox:"
            " Element=nil should contain 'string'\", _))])"
        )
    if ctx.pool.probe_answer and kind == "lvmoiscsi":  # lists of targets and LUNs are errors, too
        for key, number in (("targetIQN", "96"), ("SCSIid", "107")):
            if not config.get(key):
                raise Failure(f"SR_BACKEND_FAILURE_{number}", "", f"The {key} parameter is missing",
                              ctx.pool.probe_answer)
    _check_config(ctx, kind, config)
    return ctx.pool.probe_answer or '<?xml version="1.0" ?>\n<SRlist>\n</SRlist>\n'


@api("SR.probe_ext", "r.host M s M?", True)
def sr_probe_ext(ctx, host, config, kind, sm_config):
    sr_probe(ctx, host, config, kind, sm_config)
    return []


@api("SR.introduce", "s s s s s b M?", True)
def sr_introduce(ctx, identity, name, description, kind, content, shared, sm_config):
    """Takes any text as uuid (observed: sr-vdi/034-036)."""
    if identity in ctx.db.by_uuid["SR"]:
        raise Failure("SR_UUID_EXISTS", identity)
    _driver(ctx, kind)
    ref = ctx.db.create(
        "SR", uuid=identity or str(uuid.uuid4()), name_label=name, name_description=description,
        type=kind, content_type=content, shared=shared, sm_config=sm_config,
    )
    ctx.db.set("SR", ref, allowed_operations=["pbd_create", "forget", "destroy"])
    return ref


def _drop_sr(ctx, ref):
    for vdi in list(ctx.db.row("SR", ref)["VDIs"]):
        ctx.pool.drop_vdi(vdi)
    for pbd in list(ctx.db.row("SR", ref)["PBDs"]):
        ctx.db.destroy("PBD", pbd)
    ctx.db.destroy("SR", ref)


@api("SR.forget", "r.SR", True)
def sr_forget(ctx, ref):
    """Observed: sr-vdi/018, 032."""
    row = ctx.db.row("SR", ref)
    if any(ctx.db.row("PBD", r)["currently_attached"] for r in row["PBDs"]):
        raise Failure("SR_HAS_PBD", ref)
    _drop_sr(ctx, ref)


@api("SR.destroy", "r.SR", True)
def sr_destroy(ctx, ref):
    """Observed: sr-vdi/017, 031, 081."""
    row = ctx.db.row("SR", ref)
    if not row["PBDs"]:
        raise Failure("SR_HAS_NO_PBDS", ref)
    if any(ctx.db.row("PBD", r)["currently_attached"] for r in row["PBDs"]):
        raise Failure("SR_HAS_PBD", ref)
    _drop_sr(ctx, ref)


# -- PBD and secret -------------------------------------------------------------
@api("PBD.create", "X", True)
def pbd_create(ctx, record):
    db = ctx.db
    fields = record_fields("PBD", record, ("host", "SR"), ("device_config", "other_config"))
    db.row("host", fields["host"])
    for pbd in db.row("SR", fields["SR"])["PBDs"]:
        if db.row("PBD", pbd)["host"] == fields["host"]:
            raise Failure("PBD_EXISTS", fields["SR"], fields["host"], pbd)
    fields["device_config"] = hide_secrets(ctx.pool, fields.get("device_config", {}))
    return db.create("PBD", **fields)


@api("PBD.plug", "r.PBD", True)
def pbd_plug(ctx, ref):
    """Again is a success (observed: sr-vdi/020)."""
    row = ctx.db.row("PBD", ref)
    if not row["currently_attached"]:
        ctx.step(ctx.pool.duration("plug"))
        ctx.db.set("PBD", ref, currently_attached=True)
        sr = ctx.db.row("SR", row["SR"])
        ctx.db.set("SR", sr.ref, allowed_operations=ctx.pool.operations.sr_allowed(sr))


@api("PBD.unplug", "r.PBD", True)
def pbd_unplug(ctx, ref):
    row = ctx.db.row("PBD", ref)
    for vdi in ctx.db.row("SR", row["SR"])["VDIs"]:
        if ctx.pool.operations.attached(vdi):
            raise Failure("VDI_IN_USE", vdi, "PBD.unplug")
    ctx.db.set("PBD", ref, currently_attached=False)


@api("PBD.destroy", "r.PBD", True)
def pbd_destroy(ctx, ref):
    """The secrets stay (observed: sr-vdi/029-030)."""
    if ctx.db.row("PBD", ref)["currently_attached"]:
        raise Failure("OPERATION_NOT_ALLOWED", "PBD is currently attached")
    ctx.db.destroy("PBD", ref)


@api("secret.create", "X", True)
def secret_create(ctx, record):
    fields = record_fields("secret", record, ("value",), ("other_config",))
    return ctx.db.create("secret", **fields)


@api("secret.destroy", "r.secret", True)
def secret_destroy(ctx, ref):
    ctx.db.destroy("secret", ref)
