# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP front of a member: limits, routing by prefix, RPC.

Limits: observed in http-limits and errors-sessions/158-178.
"""

import base64
import threading
import time

from . import wire
from .connection import Closed, Connection, Request
from .wire import BadRequest, Failure

#: Header block, body and silence limits (observed: section 7).
MAX_HEADER, MAX_BODY, SILENCE = 1006, 307200, 10.0

#: (verb, path) -> realm name of the handler
ROUTES = {
    ("GET", "/export"): "get_export",
    ("GET", "/export_metadata"): "get_export_metadata",
    ("GET", "/export_raw_vdi"): "get_export_raw_vdi",
    ("PUT", "/import"): "put_import",
    ("PUT", "/import_metadata"): "put_import_metadata",
    ("PUT", "/import_raw_vdi"): "put_import_raw_vdi",
    ("CONNECT", "/console"): "connect_console",
    ("GET", "/console"): "connect_console_ws",
    ("GET", "/vncsnapshot"): "get_vncsnapshot",
    ("GET", "/services"): "get_services",
    ("GET", "/rrd_updates"): "rrd_updates",
}


class Front(Connection):
    """Reads requests of one connection and answers them."""

    # -- the loop -------------------------------------------------------------------
    def serve(self):
        """Answer requests until somebody closes."""
        try:
            first = True
            while not self.pool.clock.stopping.is_set():
                request = self._head(first)
                first = False
                if request is None:
                    break
                self._answer(request)
        except Closed:
            pass
        except Exception as error:  # hostile input must never end the simulator
            self.pool.log.problem(error)
        finally:
            self.close()

    def _head(self, first):
        """Read a request head within its limits; None at the end of the connection."""
        head = b""
        pool = self.pool
        patience = pool.clock.seconds(SILENCE)
        started = time.monotonic()
        while b"\r\n\r\n" not in head:
            # after the first request xapi itself has no idle timeout (xapi.md 1.1)
            limit = patience if first or head else None
            if limit is not None:
                limit = max(0.01, limit - (time.monotonic() - started)) if not head else limit
            try:
                data = self.receive(4096, limit)
            except TimeoutError:
                self._silence()
            if not data:
                return None
            head += data
            end = head.find(b"\r\n\r\n")
            if (end + 4 if end >= 0 else len(head)) > MAX_HEADER:
                self._too_large()
        end = head.find(b"\r\n\r\n") + 4
        self.buffer = head[end:] + self.buffer
        try:
            return Request(head[:end].rstrip(b"\r\n"))
        except ValueError:
            # observed: errors-sessions/172: garbage is met with silence
            try:
                while self.receive(4096, patience):
                    pass
            except TimeoutError:
                pass
            self._silence()
            return None

    def _silence(self):
        body = (b"<html><body><h1>HTTP 408 request timeout</h1>Timed out waiting for the "
                b"request.</body></html>")
        self.pool.log.write(conn=self.number, http="408")
        self.reply("408 Request Timeout", body)

    def _too_large(self):
        self.pool.log.write(conn=self.number, http="431")
        if self.pool.faults.take("limit-reset"):
            self.reset()
        body = (b"<html><body><h1>HTTP 431 request header fields too large</h1>Exceeded the "
                b"maximum header size.</body></html>")
        self.reply("431 Request Header Fields Too Large", body)

    def _answer(self, request):
        verb, pool = request.verb, self.pool
        if verb == "POST":
            self._rpc(request)
            return
        if verb == "OPTIONS":
            # observed: errors-sessions/174
            self.send(
                b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection:keep-alive\r\n"
                b"cache-control:no-cache, no-store\r\nAccess-Control-Allow-Origin:*\r\n"
                b"Access-Control-Allow-Headers:X-Requested-With\r\n"
                b"Access-Control-Allow-Methods:PUT\r\n\r\n"
            )
            return
        if verb not in ("GET", "PUT", "CONNECT"):
            body = (f"<html><body><h1>HTTP 501 Method Not Implemented</h1><p>Unknown {verb} not "
                    "supported.<br /></p></body></html>").encode("latin-1")
            self.reply("501 Method not implemented", body)
        route = self._route(verb, request.path)
        if route is None:
            pool.log.write(conn=self.number, method=f"{verb} {request.path}", http="403")
            self.forbidden()
        self._handler(request, route)

    @staticmethod
    def _route(verb, path):
        """Longest prefix wins: /export/ is /export, /export_raw_vdi is its own."""
        best = None
        for known_verb, known in ROUTES:
            if verb == known_verb and (path == known or path.startswith(known + "/")):
                if best is None or len(known) > len(best):
                    best = known
        return best

    def _handler(self, request, route):
        from . import handlers

        realm = ROUTES[request.verb, route]
        where = f"{request.verb} {route}"
        self.transport_fault(route, True)
        started = time.monotonic()
        outcome = {"http": "closed"}
        try:
            session, temporary = self._authenticate(request)
            if session is None:
                outcome["http"] = "401"
                self.unauthorised(realm, request.version)
            try:
                handlers.handle(self, request, route, session, outcome)
            finally:
                if temporary:
                    self.pool.sessions.end(session)
        finally:
            self.pool.log.write(
                conn=self.number, host=self.member.address, method=where,
                query={k: v for k, v in request.query.items() if k != "session_id"},
                mutating=request.verb == "PUT", ms=round(1000 * (time.monotonic() - started), 1),
                out=self.sent, **outcome,
            )
        raise Closed()

    def _authenticate(self, request):
        """(session, is it temporary?): query or cookie, else Basic (observed: section 4)."""
        session = request.param("session_id")
        try:
            if session is not None:
                self.pool.sessions.check(session)
                return session, False
            scheme, _, text = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() == "basic":
                plain = base64.b64decode(text).decode("utf-8", "replace")
                user, _, password = plain.partition(":")
                return self.pool.sessions.login(user, password, "http"), True
        except (Failure, ValueError):
            pass
        return None, False

    # -- RPC ------------------------------------------------------------------------
    def _rpc(self, request):
        body = self._body(request)
        json = request.path.rstrip("/") in ("/jsonrpc", "/json")
        number, version2 = None, False
        close = not request.keep_alive
        started = time.monotonic()
        method, params, info, value = "", [], None, None
        try:
            if json:
                method, params, number, version2 = wire.parse_json_call(body)
            else:
                method, params = wire.parse_xml_call(body)
        except BadRequest as error:
            self.pool.log.write(conn=self.number, method="?", http="500", error=str(error))
            self.page_500(str(error))
        except Failure as failure:
            info = failure.info
        base = method.removeprefix("Async.")
        self.pool.clock.stopping.wait(self.pool.options.delay / 1000)
        slow = self.pool.faults.take("slow", base)
        if slow is not None:
            self.pool.clock.stopping.wait(int(slow.args["ms"]) / 1000)
        self.transport_fault(base, False, method, params)
        if info is None:
            try:
                value = self.pool.dispatcher.call(self.member, method, params)
            except Failure as failure:
                info = failure.info
            except Exception as error:  # a bug: an INTERNAL_ERROR as xapi would answer
                self.pool.log.problem(error)
                info = ["INTERNAL_ERROR", repr(error)]
        self._fill_rpc(request, json, method, params, number, version2, value, info, close, started)

    def _fill_rpc(self, request, json, method, params, number, version2, value, info, close, t0):
        pool = self.pool
        if json:
            answer = wire.json_reply(value, number, version2, info)
        elif info is not None:
            answer = wire.xml_failure(info)
        elif method == "system.listMethods":
            answer = wire.xml_bare(value)
        else:
            answer = wire.xml_reply("" if value is None else value)
        if json and info is None and value is None:
            answer = wire.json_reply("", number, version2)
        pool.log.rpc(
            method, params, info, conn=self.number, host=self.member.address, bytes=len(answer),
            ms=round(1000 * (time.monotonic() - t0), 1), **{"json": True} if json else {},
        )
        if pool.faults.take("reset-after", method.removeprefix("Async.")):
            self.reset()
        if pool.faults.take("truncated-xml", method.removeprefix("Async.")):
            head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(answer)}\r\n"
            head += "connection:close\r\ncontent-type:text/xml\r\n\r\n"
            self.send(head.encode() + answer[: len(answer) // 2])
            raise Closed()
        extra = ["Access-Control-Allow-Origin:*", "Access-Control-Allow-Headers:X-Requested-With"]
        if info is not None and info[0] == "HOST_IS_SLAVE":
            wish = request.headers.get("x-xenapi-request-host-certificate-thumbprint", "")
            if wish == "sha-256:master":
                extra.append("x-xenapi-response-host-certificate-thumbprint:"
                             + pool.tls.fingerprint)
        kind = "application/json" if json else "text/xml"
        self.reply("200 OK", answer, kind, extra, close=close)

    def _body(self, request):
        """The body within its limits (observed: http-limits/002-009, errors-sessions/170-171)."""
        text = request.headers.get("content-length")
        if text is None:
            self.page_500('Failure("We require a content-length")')
        try:
            length = int(text)
        except ValueError:
            self.page_500('Failure("Int64.of_string")')
        if length < 0:
            self.page_500('Invalid_argument("Bytes.create")')
        if length > MAX_BODY:
            self.pool.log.write(conn=self.number, method="?", http="500", error="body too large")
            if self.pool.faults.take("limit-reset"):
                self.reset()
            self.page_500("Http_svr.Client_requested_size_over_limit")
        try:
            body = self.read_exactly(length, max(1.0, self.pool.clock.seconds(SILENCE)))
        except TimeoutError:
            self._silence()
        if len(body) < length:
            raise Closed()
        return body

    def transport_fault(self, where, transfer, method="", params=()):
        """The faults that replace an answer."""
        faults = self.pool.faults
        if faults.take("reset", where):
            self.pool.log.write(conn=self.number, method=method or where, fault="reset")
            self.reset()
        if faults.take("stall", where):
            self.pool.log.write(conn=self.number, method=method or where, fault="stall")
            try:
                while self.receive(65536, None):
                    pass
            except TimeoutError:
                pass
            raise Closed()
        if faults.take("html", where):
            self.pool.log.write(conn=self.number, method=method or where, fault="html")
            self.page_500("Simulated_failure")
        if not transfer and faults.take("moved", where):
            self.pool.log.write(conn=self.number, method=method or where, fault="moved")
            self.reply("302 Found", b"", "text/html", ["location:https://elsewhere.example/"])
        if not transfer and faults.take("garbage", where):
            self.pool.log.write(conn=self.number, method=method or where, fault="garbage")
            self.reply("200 OK", b"<<<not xml>>>", "text/xml")


def serve_in_thread(member, sock):
    """TLS handshake and requests of one connection, in its own thread."""

    def work():
        try:
            sock.settimeout(20)
            tls = member.pool.tls.context.wrap_socket(sock, server_side=True)
            tls.settimeout(None)
        except (OSError, ValueError):
            try:
                sock.close()
            except OSError:
                pass
            return
        connection = Front(member, tls)
        member.connections.add(connection)
        try:
            connection.serve()
        finally:
            member.connections.discard(connection)

    threading.Thread(target=work, daemon=True).start()
