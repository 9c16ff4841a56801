# SPDX-License-Identifier: GPL-3.0-or-later
"""The methods every class has, made from the field table: getters, setters, queries."""

import re

from .rpc import api
from .schema import CLASSES, ENUMS, REFUSED_SETTERS
from .wire import Failure

#: Classes without get_all, get_all_records (observed: errors-sessions/012, 013).
_NO_QUERIES = {"session"}
_NAMED = {"VM", "SR", "VDI", "host", "network", "pool", "SM", "task", "role"}


def _unknown_tag():
    return Failure("INTERNAL_ERROR", 'Failure("Unknown tag/contents")')


def check_enum(cls, name, values):
    """Refuse enum values the class does not know (observed: errors-sessions/053, 091)."""
    known = ENUMS.get((cls, name))
    if known is not None and not set(values) <= known:
        raise _unknown_tag()


def install():
    """Register everything."""
    for cls, fields in CLASSES.items():
        _queries(cls)
        for field in fields.values():
            _getter(cls, field.name)
            if field.settable:
                _setters(cls, field)


def _queries(cls):
    @api(f"{cls}.get_record", f"r.{cls}")
    def get_record(ctx, ref):
        with ctx.db.lock:
            return ctx.db.row(cls, ref).snapshot()

    @api(f"{cls}.get_by_uuid", "s")
    def get_by_uuid(ctx, text):
        ref = ctx.db.by_uuid[cls].get(text)
        if ref is None:
            raise Failure("UUID_INVALID", cls, text)
        return ref

    if cls in _NAMED:

        @api(f"{cls}.get_by_name_label", "s")
        def get_by_name_label(ctx, name):
            with ctx.db.lock:
                return [row.ref for row in ctx.db.rows(cls) if row["name_label"] == name]

    if cls in _NO_QUERIES:
        return

    @api(f"{cls}.get_all")
    def get_all(ctx):
        with ctx.db.lock:
            return list(ctx.db.tables[cls])

    @api(f"{cls}.get_all_records")
    def get_all_records(ctx):
        with ctx.db.lock:
            return {row.ref: row.snapshot() for row in ctx.db.rows(cls)}

    @api(f"{cls}.get_all_records_where", "s")
    def get_all_records_where(ctx, expression):
        matches = parse_query(cls, expression)
        with ctx.db.lock:
            return {row.ref: row.snapshot() for row in ctx.db.rows(cls) if matches(row)}


def _getter(cls, name):
    @api(f"{cls}.get_{name}", f"r.{cls}")
    def get_field(ctx, ref):
        with ctx.db.lock:
            return ctx.db.row(cls, ref)[name]


def _setters(cls, field):
    name, kind = field.name, field.kind
    refused = f"{cls}.set_{name}" in REFUSED_SETTERS

    def guard(ctx, ref):
        ctx.db.row(cls, ref)
        if refused:  # observed: sr-vdi/071
            raise Failure("PERMISSION_DENIED", "")

    @api(f"{cls}.set_{name}", f"r.{cls} " + ("S" if kind == "R" else kind))
    def set_field(ctx, ref, value):
        with ctx.db.lock:
            guard(ctx, ref)
            if (cls, name) == ("VM", "suspend_VDI"):  # others are not checked: sr-vdi/082
                if value not in ctx.db.tables.get(field.target, ()) and value != "OpaqueRef:NULL":
                    raise Failure("HANDLE_INVALID", field.target, value)
            check_enum(cls, name, value if kind == "M" else [value] if kind == "s" else ())
            ctx.db.set(cls, ref, **{name: value})

    if refused:
        return
    if kind == "M":

        @api(f"{cls}.add_to_{name}", f"r.{cls} s s")
        def add_to(ctx, ref, key, value):
            with ctx.db.lock:
                old = ctx.db.row(cls, ref)[name]
                check_enum(cls, name, [key])
                if key in old:  # observed: sr-vdi/064
                    raise Failure("MAP_DUPLICATE_KEY", cls, name, ref, key)
                ctx.db.set(cls, ref, **{name: {**old, key: value}})

        @api(f"{cls}.remove_from_{name}", f"r.{cls} s")
        def remove_from(ctx, ref, key):
            with ctx.db.lock:
                old = ctx.db.row(cls, ref)[name]
                if key in old:
                    ctx.db.set(cls, ref, **{name: {k: v for k, v in old.items() if k != key}})

    if kind == "S":

        @api(f"{cls}.add_{name}", f"r.{cls} s")
        def add(ctx, ref, value):
            with ctx.db.lock:
                old = ctx.db.row(cls, ref)[name]
                if value not in old:
                    ctx.db.set(cls, ref, **{name: old + [value]})

        @api(f"{cls}.remove_{name}", f"r.{cls} s")
        def remove(ctx, ref, value):
            with ctx.db.lock:
                old = ctx.db.row(cls, ref)[name]
                if value in old:
                    ctx.db.set(cls, ref, **{name: [v for v in old if v != value]})


# -- get_all_records_where ---------------------------------------------------
_LEX = re.compile(r'\s*(?:(field|and|or|not|true|false)\b|(=|\(|\))|"((?:[^"\\]|\\.)*)")')


def parse_query(cls, text):
    """A predicate for field "x" = "v", and, or, not, true, false (observed: section 7)."""
    tokens, at = [], 0
    while text[at:].strip():
        match = _LEX.match(text, at)
        if match is None:
            raise Failure("INVALID_VALUE", text, 'Failure("lexing: empty token")')
        word, sign, quoted = match.groups()
        if quoted is not None:
            tokens.append(("text", re.sub(r"\\(.)", r"\1", quoted)))
        else:
            tokens.append((word or sign, None))
        at = match.end()
    position = 0

    def bad():
        return Failure("INVALID_VALUE", text, "Stdlib.Parsing.Parse_error")

    def take(kind):
        nonlocal position
        if position >= len(tokens) or tokens[position][0] != kind:
            raise bad()
        position += 1
        return tokens[position - 1][1]

    def peek():
        return tokens[position][0] if position < len(tokens) else None

    def operand():
        nonlocal position
        kind = peek()
        if kind == "field":
            position += 1
            name = take("text")
            return lambda row, n=_field(cls, name): _text(row, n)
        if kind == "text":
            constant = take("text")
            return lambda row: constant
        raise bad()

    def term(depth):
        nonlocal position
        if depth > 60:
            raise bad()
        kind = peek()
        if kind in ("true", "false"):
            position += 1
            return lambda row: kind == "true"
        if kind == "not":
            position += 1
            inner = term(depth + 1)
            return lambda row: not inner(row)
        if kind == "(":
            position += 1
            inner = chain(depth + 1)
            take(")")
            return inner
        left = operand()
        take("=")
        right = operand()
        return lambda row: left(row) == right(row)

    def chain(depth):
        nonlocal position
        left = term(depth)
        while peek() in ("and", "or"):
            word = peek()
            position += 1
            right = term(depth)
            if word == "and":
                left = lambda row, a=left, b=right: a(row) and b(row)
            else:
                left = lambda row, a=left, b=right: a(row) or b(row)
        return left

    matches = chain(0)
    if position != len(tokens):
        raise bad()
    return matches


def _field(cls, name):
    """The database spells name_label as name__label (observed: errors-sessions/055, 060)."""
    from .seed import column_name

    if name == "_ref":
        return name
    for field in CLASSES[cls]:
        if column_name(field) == name:
            return field
    raise Failure("INTERNAL_ERROR", "missing field", name, "")


def _text(row, name):
    value = row.ref if name == "_ref" else row[name]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
