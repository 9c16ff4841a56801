# SPDX-License-Identifier: GPL-3.0-or-later
"""The call table and the dispatcher: sessions, arity, types, Async, errors."""

import re
import threading
import uuid

from .schema import NULL
from .tasks import Cancelled
from .wire import Date, Failure, Int, ocaml_type

#: method -> Api
CALLS = {}
_PARAM = re.compile(r"([sibfdrSMX])(?:\.(\w+))?(?:\?(.*))?")
_OPTIONAL = {"s": "", "i": 0, "b": False, "f": 0.0, "r": NULL, "S": [], "M": {}, "d": ""}


class Api:
    """One callable method: its parameter kinds and whether Async.X exists."""

    def __init__(self, name, params, work, asynchronous, session):
        self.name, self.work, self.asynchronous, self.session = name, work, asynchronous, session
        self.params = [_PARAM.fullmatch(p).groups() for p in params.split()]
        self.most = len(self.params)
        self.least = sum(1 for p in self.params if p[2] is None)


def api(name, params="", asynchronous=False, session=True):
    """Register a method. Kinds: s i b f d, r.C reference, S set, M map, X record; ? optional."""

    def register(work):
        CALLS[name] = Api(name, params, work, asynchronous, session)
        return work

    return register


class Context:
    """What a method knows about its caller."""

    def __init__(self, pool, member, session, method):
        self.pool, self.db, self.member, self.session = pool, pool.db, member, session
        self.method = method
        self.task = None  # a task reference for Async calls
        # observed: errors-sessions/088, the name of a call without a task
        self.operation = f"DummyRef:|{uuid.uuid4()}|{method}"

    def step(self, observed):
        """Work for an observed number of seconds; a cancel point when in a task."""
        self.pool.clock.sleep(observed)
        if self.task:
            self.pool.tasks.check(self.task)

    def progress(self, value):
        """Report progress when in a task."""
        if self.task:
            self.pool.tasks.progress(self.task, value)

    def annotate(self, **other_config):
        """The task's debug notes (observed: vm-lifecycle/020)."""
        row = self.db.find("task", self.task) if self.task else None
        if row is not None:
            self.db.set(
                "task", self.task, allowed_operations=[],
                other_config={**row["other_config"], **other_config},
            )

    def subtask(self, label):
        """A sub-task, known to its parent while it runs (observed: vm-lifecycle/068)."""
        return self.pool.tasks.create(label, parent=self.task or NULL)


def convert(kind, value):
    """Type-check one parameter as ocaml-rpc does (observed: errors-sessions/036, 037)."""

    def refuse(expected):
        text = f"Expected {expected}, got '{ocaml_type(value)}'"
        raise Failure("INTERNAL_ERROR", 'Failure("%s")' % text)

    if kind in "sr":
        if not isinstance(value, str):
            refuse("string")
        return str(value)
    if kind == "i":
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            refuse("string")
        try:
            number = int(value)
        except ValueError:
            raise Failure("INTERNAL_ERROR", 'Failure("Int64.of_string")') from None
        if not -(2**63) <= number < 2**63:
            raise Failure("INTERNAL_ERROR", 'Failure("Int64.of_string")')
        return number
    if kind == "b":
        if not isinstance(value, bool):
            refuse("bool")
        return value
    if kind == "f":
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            refuse("float")
        try:
            return float(value)
        except ValueError:
            raise Failure("INTERNAL_ERROR", 'Failure("float_of_string")') from None
    if kind == "d":
        return Date(value) if isinstance(value, str) else refuse("dateTime")
    if kind in "SR":
        if not isinstance(value, list):
            refuse("array")
        return [convert("s", v) for v in value]
    if not isinstance(value, dict):
        refuse("struct")
    if kind == "X":
        return value
    return {k: convert("s", str(int(v)) if isinstance(v, Int) else v) for k, v in value.items()}


class Dispatcher:
    """Executes calls that a member of the pool received."""

    def __init__(self, pool):
        self.pool = pool

    def call(self, member, method, params):
        """The value of a call, or Failure."""
        pool = self.pool
        base, asynchronous = method, False
        for prefix in ("Async.", "InternalAsync."):
            if method.startswith(prefix):
                base, asynchronous = method[len(prefix) :], True
        if method == "system.listMethods":
            return sorted(name for name in CALLS if not name.startswith("sim."))
        if method.startswith("system.isAlive:"):
            return method[len("system.isAlive:") :]
        call = CALLS.get(base)
        local = base in ("session.slave_local_login_with_password", "session.local_logout")
        if pool.faults.take("booting") or pool.booting:
            if not local:
                raise Failure("HOST_STILL_BOOTING")
        if not local:
            self._not_a_slave(member, base)
        if call is not None and not call.session:
            session, given = None, list(params)
        else:
            # observed: errors-sessions/018: no session counts as -1 parameters
            if not params:
                if call is None:
                    raise Failure("MESSAGE_METHOD_UNKNOWN", base)
                raise Failure("MESSAGE_PARAMETER_COUNT_MISMATCH", base, call.most, -1)
            session, given = params[0], list(params[1:])
            pool.sessions.check(session)
            pool.count_call(session)
            pool.sessions.check(session)
        if call is None:
            raise Failure("MESSAGE_METHOD_UNKNOWN", base)
        if not call.least <= len(given) <= call.most:
            raise Failure("MESSAGE_PARAMETER_COUNT_MISMATCH", base, call.most, len(given))
        if asynchronous and not call.asynchronous:
            # observed: errors-sessions/033
            raise Failure("Fault", f"No async mode for this operation (rpc: {base})")
        values = [convert(p[0], v) for p, v in zip(call.params, given)]
        for kind, _, default in call.params[len(given) :]:
            values.append(default if kind == "s" else _OPTIONAL[kind])
        context = Context(pool, member, session, base)
        if asynchronous:
            return self._start(context, call, values)
        pool.faults.raise_error(base, values)
        return self._run(context, call, values)

    def _not_a_slave(self, member, base):
        fault = self.pool.faults.take("slave", base)
        if fault is not None and fault.args["address"]:
            raise Failure("HOST_IS_SLAVE", fault.args["address"])
        if fault is not None or member.ref != self.pool.master_ref:
            raise Failure("HOST_IS_SLAVE", self.pool.master_address)

    @staticmethod
    def _run(context, call, values):
        if call.params and call.params[0][0] == "r" and call.params[0][1]:
            context.db.row(call.params[0][1], values[0])
        try:
            return call.work(context, *values)
        except Cancelled:
            raise Failure("TASK_CANCELLED", context.task or context.operation) from None

    def _start(self, context, call, values):
        pool = self.pool
        task = context.task = pool.tasks.create(f"Async.{call.name}")
        context.operation = task
        if pool.faults.take("task-vanish", call.name):
            pool.tasks.remove(task)
            return task
        if pool.faults.take("task-cancelled", call.name):
            pool.tasks.finish(task, "cancelled", info=["TASK_CANCELLED", task])
            return task
        pending = pool.faults.take("task-pending", call.name) is not None

        def work():
            try:
                pool.faults.raise_error(call.name, values)
                if pending:
                    self._hang(context, call, values)
                pool.tasks.finish(task, "success", self._run(context, call, values))
            except Failure as failure:
                pool.tasks.fail(task, failure)
            except Cancelled as cancelled:
                pool.tasks.fail(task, cancelled)
            except Exception as error:  # a bug here must not leave the task pending
                pool.log.problem(error)
                pool.tasks.fail(task, Failure("INTERNAL_ERROR", repr(error)))

        threading.Thread(target=work, daemon=True).start()
        return task

    def _hang(self, context, call, values):
        """The task-pending fault: hold the VM's operation until somebody cancels the task."""
        pool, task = self.pool, context.task
        vm = values[0] if values and call.name.startswith("VM.") else None
        if vm in pool.db.tables["VM"]:
            pool.operations.hold("VM", vm, task, call.name.partition(".")[2])
        try:
            while not pool.clock.stopping.wait(0.02):
                if pool.tasks.is_cancelled(task) or pool.db.find("task", task) is None:
                    raise Cancelled()
        finally:
            if vm in pool.db.tables["VM"]:
                pool.operations.release("VM", vm, task)
