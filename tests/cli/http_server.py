#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server for tests: serves one file, and misbehaves where the path says so.

usage: http_server.py FILE [CERTIFICATE KEY]        prints its URL; ends when it is killed

/NAME whole; /redirect/NAME to /NAME; /cut/NAME half of what Content-Length says; /stall/NAME headers and
some bytes, then silence; /forbidden 403; anything else 404.
"""
import http.server
import pathlib
import ssl
import sys
import threading

FILE = pathlib.Path(sys.argv[1])


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        data = FILE.read_bytes()
        _, *folders, name = self.path.split("/")
        if name == "forbidden":
            return self.send_error(403)
        if name != FILE.name:
            return self.send_error(404)
        if folders == ["redirect"]:
            self.send_response(302)
            self.send_header("Location", "/" + name)
            return self.end_headers()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        try:
            if folders == ["cut"]:
                self.wfile.write(data[:len(data) // 2])
            elif folders == ["stall"]:
                self.wfile.write(data[:100])
                self.wfile.flush()
                threading.Event().wait(30)
            else:
                self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return None


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
scheme = "http"
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "https"
print(f"{scheme}://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
