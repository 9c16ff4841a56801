# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions, tasks, events, hosts, the pool and the odd plugin call."""

import json

from .clock import iso
from .generic import check_enum
from .rpc import api
from .schema import CLASSES, Field
from .power import vm_pool_migrate
from .vm import choose_host, record_fields
from .wire import Date, Failure


# -- session --------------------------------------------------------------------
@api("session.login_with_password", "s s s? s? s?", session=False)
def login(ctx, user, password, version, originator, surplus):
    """2 to 5 arguments, any version text (observed: errors-sessions/002-009)."""
    return ctx.pool.sessions.login(user, password, originator)


@api("session.slave_local_login_with_password", "s s", session=False)
def local_login(ctx, user, password):
    ctx.pool.sessions.login(user, password, "slave_local")
    return ctx.pool.sessions.create("slave_local", local=True)


@api("session.logout")
def logout(ctx):
    ctx.pool.sessions.end(ctx.session)


@api("session.local_logout")
def local_logout(ctx):
    ctx.pool.sessions.end(ctx.session)


@api("session.get_all_subject_identifiers")
def subject_identifiers(ctx):
    return []


# -- task -----------------------------------------------------------------------
@api("task.create", "s s")
def task_create(ctx, label, description):
    """Not cancellable through allowed_operations (observed: errors-sessions/086)."""
    return ctx.pool.tasks.create(label, description, cancellable=False)


@api("task.cancel", "r.task", True)
def task_cancel(ctx, ref):
    ctx.pool.tasks.cancel(ref, ctx.operation)


@api("task.destroy", "r.task")
def task_destroy(ctx, ref):
    ctx.pool.tasks.destroy(ref)


@api("task.set_status", "r.task s")
def task_set_status(ctx, ref, status):
    """finished stays unset (observed: errors-sessions/090-092)."""
    check_enum("task", "status", [status])
    ctx.db.set("task", ref, status=status)


# -- event ----------------------------------------------------------------------
@api("event.from", "S s f")
def event_from(ctx, classes, token, timeout):
    return ctx.pool.events.from_(ctx.session, classes, token, timeout)


@api("event.inject", "s s")
def event_inject(ctx, cls, ref):
    return ctx.pool.events.inject(cls, ref)


@api("event.register", "S")
def event_register(ctx, classes):
    ctx.pool.events.register(ctx.session, classes)


@api("event.unregister", "S")
def event_unregister(ctx, classes):
    ctx.pool.events.unregister(ctx.session, classes)


@api("event.next")
def event_next(ctx):
    return ctx.pool.events.next(ctx.session)


@api("event.get_current_id")
def event_get_current_id(ctx):
    return ctx.db.generation


# -- host -----------------------------------------------------------------------
@api("host.call_plugin", "r.host s s M", True)
def host_call_plugin(ctx, host, plugin, function, arguments):
    raise Failure("XENAPI_MISSING_PLUGIN", plugin)  # observed: errors-sessions/132-134


@api("host.call_extension", "r.host s")
def host_call_extension(ctx, host, name):
    message = f"Line 1, bytes 0-{len(name)}:\\nInvalid token '{name}'"
    raise Failure("INTERNAL_ERROR", f'Yojson.Json_error("{message}")')


@api("host.get_server_certificate", "r.host", True)
def host_get_server_certificate(ctx, host):
    return ctx.pool.tls.pem


@api("host.get_servertime", "r.host")
def host_get_servertime(ctx, host):
    return Date(iso())


@api("host.restart_agent", "r.host", True)
def host_restart_agent(ctx, host):
    """Answers at once, the toolstack goes away a second later (xapi.md 3.1)."""
    ctx.pool.restart(host, delay=1.0)


@api("host.disable", "r.host", True)
def host_disable(ctx, host):
    ctx.db.set("host", host, enabled=False)


@api("host.enable", "r.host", True)
def host_enable(ctx, host):
    ctx.db.set("host", host, enabled=True)


@api("host.evacuate", "r.host s? i?", True)
def host_evacuate(ctx, host, network, batch):
    if ctx.db.row("host", host)["enabled"]:
        raise Failure("HOST_NOT_DISABLED")
    for vm in list(ctx.db.row("host", host)["resident_VMs"]):
        row = ctx.db.row("VM", vm)
        if not row["is_control_domain"]:
            vm_pool_migrate(ctx, vm, choose_host(ctx.pool, row), {})


def add_ssh_api():
    """What xapi 23.1 does not have yet (xapi.md 3.5; xapi's design document on SSH; not recorded)."""
    fields = [Field("ssh_enabled:b"), Field("ssh_enabled_timeout:i"), Field("ssh_auto_mode:b")]
    CLASSES["host"].update({field.name: field for field in fields})
    for field in fields[1:]:
        def get(ctx, host, name=field.name):
            return ctx.db.row("host", host)[name]

        def change(ctx, host, value, name=field.name):
            ctx.db.set("host", host, **{name: value})

        api(f"host.get_{field.name}", "r.host")(get)
        api(f"host.set_{field.name}", f"r.host {field.kind}")(change)
    for name, wanted in (("host.enable_ssh", True), ("host.disable_ssh", False)):
        def switch(ctx, host, wanted=wanted):
            ctx.db.set("host", host, ssh_enabled=wanted, ssh_auto_mode=False)

        api(name, "r.host", True)(switch)


@api("host.is_in_emergency_mode", session=False)
def host_is_in_emergency_mode(ctx):
    return False


@api("host.compute_free_memory", "r.host", True)
def host_compute_free_memory(ctx, host):
    return 1 << 38


# -- pool -----------------------------------------------------------------------
@api("pool.has_extension", "r.pool s")
def pool_has_extension(ctx, ref, name):
    return False


@api("pool.sync_database", "r.pool", True)
def pool_sync_database(ctx, ref):
    return None


@api("network.create", "X", True)
def network_create(ctx, record):
    fields = record_fields(
        "network", record, ("other_config",),
        ("name_label", "name_description", "MTU", "bridge", "tags"),
    )
    number = len(ctx.db.tables["network"])
    if not fields.get("bridge"):
        fields["bridge"] = f"xapi{number}"
    fields.setdefault("MTU", 1500)
    return ctx.db.create("network", managed=True, default_locking_mode="unlocked", **fields)


@api("network.destroy", "r.network", True)
def network_destroy(ctx, ref):
    row = ctx.db.row("network", ref)
    if row["VIFs"]:
        raise Failure("NETWORK_CONTAINS_VIF", *row["VIFs"])
    if row["PIFs"]:
        raise Failure("NETWORK_CONTAINS_PIF", *row["PIFs"])
    ctx.db.destroy("network", ref)


@api("message.create", "s i s s s")
def message_create(ctx, name, priority, cls, identity, body):
    return ctx.db.create(
        "message", name=name, priority=priority, cls=cls, obj_uuid=identity, body=body,
        timestamp=iso(),
    )


@api("message.destroy", "r.message")
def message_destroy(ctx, ref):
    ctx.db.destroy("message", ref)


# -- VM odds and ends -------------------------------------------------------------
@api("VM.call_plugin", "r.VM s s M", True)
def vm_call_plugin(ctx, vm, plugin, function, arguments):
    """Observed: errors-sessions/131."""
    if plugin != "guest-agent-operation":
        raise Failure("XENAPI_MISSING_PLUGIN", plugin)
    text = f'The requested fn "{function}" could not be found in plugin "{plugin}".'
    if function not in ("run-script", "request-rdp-on", "request-rdp-off"):
        raise Failure("XENAPI_PLUGIN_FAILURE", "failed to find fn", text, text)
    return json.dumps({"rc": 0, "stdout": "", "stderr": ""})


def _only_halted(ctx, vm, **fields):
    """Observed: errors-sessions/108-113."""
    with ctx.db.lock:
        row = ctx.db.row("VM", vm)
        state = row["power_state"].lower()
        if state != "halted":
            raise Failure("VM_BAD_POWER_STATE", vm, "halted", state)
        ctx.db.set("VM", vm, **fields)
        ctx.pool.operations.refresh("VM", vm)


@api("VM.set_memory_static_max", "r.VM i")
def set_memory_static_max(ctx, vm, value):
    _only_halted(ctx, vm, memory_static_max=value)


@api("VM.set_VCPUs_max", "r.VM i")
def set_vcpus_max(ctx, vm, value):
    _only_halted(ctx, vm, VCPUs_max=value)


@api("VM.set_is_a_template", "r.VM b")
def set_is_a_template(ctx, vm, value):
    """A snapshot may become a VM, too (xapi-simulator.md section C)."""
    row = ctx.db.row("VM", vm)
    if row["is_a_snapshot"]:
        ctx.db.set("VM", vm, is_a_template=value)
    else:
        _only_halted(ctx, vm, is_a_template=value)


@api("VM.set_memory_dynamic_range", "r.VM i i", True)
def set_memory_dynamic_range(ctx, vm, low, high):
    row = ctx.db.row("VM", vm)
    if not row["memory_static_min"] <= low <= high <= row["memory_static_max"]:
        raise Failure("MEMORY_CONSTRAINT_VIOLATION_ORDER")
    ctx.db.set("VM", vm, memory_dynamic_min=low, memory_dynamic_max=high)


@api("VM.set_memory_limits", "r.VM i i i i", True)
def set_memory_limits(ctx, vm, static_min, static_max, low, high):
    if not static_min <= low <= high <= static_max:
        raise Failure("MEMORY_CONSTRAINT_VIOLATION_ORDER")
    _only_halted(ctx, vm, memory_static_min=static_min, memory_static_max=static_max,
                 memory_dynamic_min=low, memory_dynamic_max=high)


@api("VM.set_memory", "r.VM i", True)
def set_memory(ctx, vm, value):
    _only_halted(ctx, vm, memory_static_max=value, memory_dynamic_max=value,
                 memory_dynamic_min=value)


@api("VM.set_VCPUs_number_live", "r.VM i", True)
def set_vcpus_number_live(ctx, vm, value):
    ctx.db.set("VM", vm, VCPUs_at_startup=value)


@api("VM.update_allowed_operations", "r.VM")
def update_allowed_operations(ctx, vm):
    ctx.pool.operations.refresh("VM", vm)


@api("VM.assert_operation_valid", "r.VM r.VM s")
def assert_operation_valid(ctx, vm, self, operation):
    ctx.pool.operations.assert_state(vm, operation)


@api("VM.assert_can_boot_here", "r.VM r.host", True)
def assert_can_boot_here(ctx, vm, host):
    if not ctx.db.row("host", host)["enabled"]:
        raise Failure("HOST_DISABLED", host)


@api("VM.get_possible_hosts", "r.VM", True)
def get_possible_hosts(ctx, vm):
    return [h.ref for h in ctx.db.rows("host") if h["enabled"]]
