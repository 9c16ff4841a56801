# SPDX-License-Identifier: GPL-3.0-or-later
"""Which handler serves which path, and the redirects."""

from .archives import ArchiveTransfer
from .connection import Closed
from .console import console
from .disks import DiskTransfer
from .importer import Importer
from .transfers import Transfer


def handle(conn, request, route, session, outcome):
    """Run the handler of a route."""
    redirect = None if route == "/console" else conn.pool.faults.take("redirect", route)
    if redirect is not None:
        _redirect(conn, request, redirect, outcome)
    arguments = (conn, request, session, outcome)
    if route == "/console":
        console(Transfer(*arguments))
    elif route in ("/vncsnapshot", "/services", "/rrd_updates"):
        outcome["http"] = "500"
        conn.page_500("Not_simulated", request.version)
    elif _is_probe(request):
        # Xen Orchestra asks for a redirect so: no side effect (xapi-simulator.md section C)
        Transfer(*arguments).early("200 OK", extra="content-type: application/octet-stream\r\n")
    elif route in ("/import", "/import_metadata"):
        transfer = Transfer(*arguments)
        transfer.run(lambda: Importer(transfer).run())
    elif route in ("/export", "/export_metadata"):
        transfer = ArchiveTransfer(*arguments)
        transfer.run(transfer.export if route == "/export" else transfer.export_metadata)
    else:
        transfer = DiskTransfer(*arguments)
        upload = route == "/import_raw_vdi"
        transfer.run(transfer.import_raw_vdi if upload else transfer.export_raw_vdi)


def _is_probe(request):
    return (request.verb == "PUT" and request.headers.get("content-length") == "0"
            and "task_id" not in request.query)


def _redirect(conn, request, fault, outcome):
    host = fault.args["host"] or conn.pool.master_address
    port = fault.args["port"] or str(conn.member.port)
    port = "" if port == "none" else f":{port}"
    outcome["http"] = "302"
    target = f"https://{host}{port}{request.target}"
    head = "Connection: close\r\nCache-Control: no-cache, no-store\r\n"
    conn.send(f"HTTP/1.1 302 Found\r\n{head}Location: {target}\r\n\r\n".encode("latin-1"))
    raise Closed()
