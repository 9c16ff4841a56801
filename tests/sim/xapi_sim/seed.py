# SPDX-License-Identifier: GPL-3.0-or-later
"""--seed: start from a xapi database file (xensource state.db XML).

Rows of classes and columns this simulator does not know are skipped; missing
fields get their defaults.  Hosts get loopback addresses in file order, the
coordinator first.
"""

import re
import time
import xml.etree.ElementTree as ElementTree

from . import world
from .clock import iso
from .disk import SparseDisk
from .schema import CLASSES, MIRRORS, NULL

#: Reference sets are rebuilt from the references that point here.
_SKIPPED_CLASSES = {"session", "task", "event", "role"}
#: Computed again here (and cut off in the middle in some files).
_COMPUTED = {"allowed_operations", "current_operations"}
_SPACES = {"%_": " ", "%.": " ", "%t": "\t", "%n": "\n", "%r": "\r", "%%": "%"}
#: First parts of field names that the database joins with two underscores.
NAMESPACES = ("name", "memory", "VCPUs", "actions", "PV", "HVM", "qos", "API_version")


class BadSeed(Exception):
    """The file is not a database of a pool."""


def column_name(field):
    """name_label -> name__label, as the database spells it."""
    for prefix in NAMESPACES:
        if field.startswith(prefix + "_") and field not in ("PV_drivers_version",
                                                            "PV_drivers_up_to_date",
                                                            "PV_drivers_detected"):
            return prefix + "__" + field[len(prefix) + 1 :]
    return field


def plain(text):
    """Undo the protection of white space in attributes."""
    return re.sub(r"%[_.tnr%]", lambda m: _SPACES[m[0]], text)


_SEXPR = re.compile(r"\s*(?:(\()|(\))|'((?:[^'\\]|\\.)*)'|([^\s()']+))", re.S)


def parse_sexpr(text):
    """('a' 'b') -> list, nested."""
    stack, at = [[]], 0
    while at < len(text):
        match = _SEXPR.match(text, at)
        if match is None:
            break
        at = match.end()
        opening, closing, quoted, word = match.groups()
        if opening:
            stack.append([])
        elif closing:
            if len(stack) < 2:
                raise BadSeed("unbalanced s-expression")
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else word)
    if len(stack) != 1 or len(stack[0]) != 1:
        raise BadSeed("bad s-expression")
    return stack[0][0]


def convert(field, text):
    """A column's text as a field value."""
    text = plain(text)
    if field.kind == "b":
        return text == "true"
    if field.kind == "i":
        return int(text or 0)
    if field.kind == "f":
        return float(text or 0)
    if field.kind in "SR":
        return [str(v) for v in parse_sexpr(text or "()")]
    if field.kind == "M":
        pairs = parse_sexpr(text or "()")
        return {str(p[0]): str(p[1]) for p in pairs if len(p) == 2}
    return text or (NULL if field.kind == "r" else "")


def read(path):
    """The root element of a database file."""
    try:
        return ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise BadSeed(f"{path}: {error}") from None


def count_hosts(path):
    """How many members the pool of a file has."""
    count = len(read(path).findall("table[@name='host']/row"))
    if not 1 <= count <= 64:
        raise BadSeed(f"{path}: {count} hosts")
    return count


def load(pool, path, addresses):
    """Fill the database from a file."""
    root = read(path)
    db = pool.db
    with db.lock:
        for table in root.findall("table"):
            cls = table.get("name")
            if cls not in CLASSES or cls in _SKIPPED_CLASSES:
                continue
            columns = {column_name(f): f for f in CLASSES[cls]}
            for row in table:
                fields = {}
                for column, text in row.attrib.items():
                    name = columns.get(column) or columns.get(column.replace("__", "_"))
                    field = CLASSES[cls].get(name or column)
                    if field is None or field.name in _COMPUTED:
                        continue
                    if field.kind != "R":
                        try:
                            fields[field.name] = convert(field, text)
                        except (ValueError, IndexError, BadSeed):
                            raise BadSeed(f"{path}: {cls}.{column}: {text[:80]!r}") from None
                if row.get("ref"):
                    db.create(cls, row.get("ref"), **fields)
    if not db.tables["pool"] or not db.tables["host"]:
        raise BadSeed(f"{path}: no pool or no host in it")
    world.make_roles(pool)
    _finish(pool, addresses)


def host_order(pool):
    """The coordinator first."""
    hosts = list(pool.db.tables["host"])
    return sorted(hosts, key=lambda ref: ref != pool.master_ref)


def _finish(pool, addresses):
    """What start-up of xapi would set right: mirrors, addresses, current state."""
    db = pool.db
    pool.pool_ref = next(iter(db.tables["pool"]))
    pool.master_ref = pool.pool_row["master"]
    if pool.master_ref not in db.tables["host"]:
        raise BadSeed("the pool's master is not a host of it")
    # mirrors need both rows: write each reference once more
    for (cls, name), mirror in MIRRORS.items():
        target = CLASSES[cls][name].target
        for row in list(db.rows(cls)):
            other = db.tables.get(target, {}).get(row[name])
            if other is not None and row.ref not in other[mirror]:
                db.set(target, other.ref, **{mirror: other[mirror] + [row.ref]})
    pool.master_address = addresses[0]
    for host, address in zip(host_order(pool), addresses):
        other = {**db.row("host", host)["other_config"], "agent_start_time": f"{time.time():.0f}."}
        db.set("host", host, address=address, other_config=other, enabled=True)
        db.create("Certificate", type="host", host=host, not_before=iso(),
                  not_after="20361119T16:16:12Z", fingerprint=pool.tls.fingerprint)
    for host in host_order(pool):
        for vm in db.row("host", host)["resident_VMs"]:
            row = db.row("VM", vm)
            if row["is_control_domain"] and db.row("host", host)["control_domain"] == NULL:
                db.set("host", host, control_domain=vm)
    for row in list(db.rows("VDI")):
        pool.disks[row.ref] = SparseDisk(row["virtual_size"])
        pool.operations.refresh("VDI", row.ref)
    for row in list(db.rows("VM")):
        pool.agents[row.ref] = True
        if row["domain_type"] in ("", "unspecified"):
            kind = "hvm" if row["HVM_boot_policy"] else "pv"
            db.set("VM", row.ref, domain_type=kind)
        pool._domid = max(pool._domid, row["domid"])
        pool.operations.refresh_vm(row.ref)
    for row in list(db.rows("console")):
        vm = db.find("VM", row["VM"])
        host = db.find("host", vm["resident_on"]) if vm is not None else None
        if host is not None:
            location = re.sub(r"https?://[^/]*", f"https://{host['address']}", row["location"])
            db.set("console", row.ref, location=location)
    for row in list(db.rows("SR")):
        db.set("SR", row.ref, allowed_operations=pool.operations.sr_allowed(row))
