# SPDX-License-Identifier: GPL-3.0-or-later
"""Start a simulator from a test, and talk to it with as little as possible."""

import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

HERE = os.path.dirname(os.path.abspath(__file__))


class Fault(Exception):
    """A XenAPI failure: .info is [code, parameter...]."""

    def __init__(self, info):
        super().__init__(info)
        self.info = info


class Simulator:
    """A running xapi-sim; use it in a with statement."""

    def __init__(self, *arguments, stderr=None):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "xapi-sim"), *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True,
        )
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"xapi-sim ended with {self.process.wait()}")
        self.ready = json.loads(line)
        self.url = self.ready["url"]
        self.address, port = self.url[8:].rsplit(":", 1)
        self.port = int(port)
        with open(self.ready["password_file"], encoding="utf-8") as text:
            self.password = text.read().strip()
        self._control = threading.Lock()

    def control(self, line):
        """Send a control line, return its JSON answer."""
        with self._control:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())

    def fault(self, spec):
        """Switch a fault on."""
        answer = self.control(f"fault {spec}")
        assert answer["ok"], answer
        return answer

    def stop(self):
        """End of stdin; returns the exit status."""
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def connect(self, host=0, timeout=20):
        """A TLS connection to a member."""
        address = self.ready["hosts"][host]["address"]
        raw = socket.create_connection((address, self.port), timeout)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            return context.wrap_socket(raw)
        except BaseException:
            raw.close()
            raise

    def exchange(self, data, host=0, timeout=20, half_close=False):
        """Send raw bytes, return all that comes until the end (b"" after a reset)."""
        with self.connect(host, timeout) as sock:
            try:
                sock.sendall(data)
                if half_close:
                    half_close_tls(sock)
            except OSError:
                pass
            return read_all(sock)

    def call(self, method, *params, host=0, timeout=30):
        """One XML-RPC call on a connection of its own."""
        body = encode_call(method, params)
        head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        answer = self.exchange(head.encode() + b"Connection: close\r\n\r\n" + body, host, timeout)
        return decode_answer(answer)

    def login(self, host=0):
        """A session reference."""
        return self.call("session.login_with_password", "root", self.password, "1.0", "test",
                         host=host)


def half_close_tls(sock):
    """close_notify without waiting for the peer's."""
    sock.setblocking(False)
    try:
        sock.unwrap()
    except (ssl.SSLError, OSError, ValueError):
        pass
    sock.setblocking(True)
    sock.settimeout(20)


def read_all(sock):
    """Everything until the end of the stream."""
    parts = []
    while True:
        try:
            data = sock.recv(65536)
        except (ConnectionError, ssl.SSLError, OSError):
            break
        if not data:
            break
        parts.append(data)
    return b"".join(parts)


def encode_value(value):
    """A typed <value> as most client libraries write it."""
    if isinstance(value, bool):
        return f"<value><boolean>{int(value)}</boolean></value>"
    if isinstance(value, float):
        return f"<value><double>{value}</double></value>"
    if isinstance(value, int):
        return f"<value><string>{value}</string></value>"
    if isinstance(value, str):
        return f"<value><string>{escape(value)}</string></value>"
    if isinstance(value, dict):
        members = "".join(f"<member><name>{escape(k)}</name>{encode_value(v)}</member>"
                          for k, v in value.items())
        return f"<value><struct>{members}</struct></value>"
    return f"<value><array><data>{''.join(map(encode_value, value))}</data></array></value>"


def encode_call(method, params):
    """A <methodCall>."""
    inner = "".join(f"<param>{encode_value(p)}</param>" for p in params)
    return (f"<?xml version='1.0'?><methodCall><methodName>{method}</methodName>"
            f"<params>{inner}</params></methodCall>").encode()


def decode_value(element):
    """A <value> as Python value."""
    if len(element) == 0:
        return element.text or ""
    child = element[0]
    if child.tag == "array":
        return [decode_value(v) for v in child.find("data")]
    if child.tag == "struct":
        return {m.findtext("name") or "": decode_value(m.find("value")) for m in child}
    if child.tag == "boolean":
        return child.text == "1"
    if child.tag == "double":
        return float(child.text)
    return child.text or ""


def split_answer(answer):
    """(status line, {header: value}, body) of raw HTTP."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return lines[0], headers, body


def decode_answer(answer):
    """The Value of an RPC answer; Fault for failures, ConnectionError for anything else."""
    status, _, body = split_answer(answer)
    if " 200" not in status:
        raise ConnectionError(status or "no answer")
    value = decode_value(ElementTree.fromstring(body).find("params/param/value"))
    if isinstance(value, dict) and "Status" in value:
        if value["Status"] == "Success":
            return value["Value"]
        raise Fault(value["ErrorDescription"])
    return value
