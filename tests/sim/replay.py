# SPDX-License-Identifier: GPL-3.0-or-later
"""Replays recorded exchanges against a simulator and tells the differences.

References and uuids of the recording are mapped to simulated ones as they
appear: a new object's reference is learned where the two answers have it in
the same place, objects that were there before are found by what identifies
them (the only host, an SR by name, a console by VM and protocol, ...).
"""

import re
import time

from bodies import make_body
from comparing import HANGS_UP, Comparison
from receiving import receive_head, receive_message, receive_part
from recordings import IDENTITY, call_params, plain
from simtest import half_close_tls, read_all


def make_vdi(replay, size=8 << 20, name="made by the test"):
    """A disk in the simulated pool's first SR."""
    sr = replay.sim.call("SR.get_all", replay.admin)[0]
    record = {"name_label": name, "name_description": "", "SR": sr, "virtual_size": size,
              "type": "user", "sharable": False, "read_only": False, "other_config": {}}
    return replay.sim.call("VDI.create", replay.admin, record)


class Replay(Comparison):
    """One scenario against one simulator."""

    def __init__(self, simulator, exchanges, extras, hooks, faults, known):
        super().__init__(simulator, known)
        self.exchanges, self.extras = exchanges, extras
        self.hooks, self.faults = hooks, faults
        self.tokens = {}  # recorded token -> simulated token
        self.differences, self.replayed = [], 0
        self.disks_by_uuid = self._learn_disk_uuids()
        self.session = None  # the scenario's own
        self.cap = 0.1  # the longest event.from waits that long
        self.downloads = {}  # exchange name -> body, for uploads of what was downloaded

    # -- running -----------------------------------------------------------------------
    def run(self):
        """All exchanges in order."""
        for exchange in self.exchanges:
            for spec in self.faults.get(exchange.where, ()):
                self.sim.fault(self.translate(spec))
            hook = self.hooks.get(exchange.name)
            try:
                if hook is not None and hook(self, exchange):
                    self.replayed += 1
                    continue
                self._one(exchange)
            finally:
                if any(":*:" in spec for spec in self.faults.get(exchange.where, ())):
                    self.sim.control("clear")
            self.replayed += 1
            after = self.hooks.get("after:" + exchange.name)
            if after is not None:
                after(self, exchange)
        return self.differences

    def _prepare(self, exchange):
        """Things made outside the recording that a transfer names: tasks, uuids of disks."""
        task = re.search(r"[?&]task_id=(OpaqueRef:[-0-9a-f]{36})", exchange.head)
        if task and self.resolve(task[1]) is None:
            self.learn(task[1], self.sim.call("task.create", self.admin, exchange.name, ""))
        disk = re.search(r"[?&]vdi=([-0-9a-f]{36})&", exchange.head)
        if disk and disk[1] not in self.map:
            for ref in self.disks_by_uuid.get(disk[1], ()):
                uuid = self.sim.call("VDI.get_uuid", self.admin, self.map[ref])
                self.learn(disk[1], uuid)

    def _learn_disk_uuids(self):
        """uuid -> VDI reference, from file names and from the results of uploads."""
        found = {}
        for exchange, after in zip(self.exchanges, self.exchanges[1:] + self.exchanges[-1:]):
            named = re.search(r"[?&]vdi=([-0-9a-f]{36}|OpaqueRef:[-0-9a-f]{36})", exchange.head)
            name = re.search(rb'filename="([-0-9a-f]{36})\.', exchange.response)
            if named and name and named[1].startswith("OpaqueRef"):
                found.setdefault(name[1].decode(), []).append(named[1])
            result = re.search(rb"&lt;value&gt;(OpaqueRef:[-0-9a-f]{36})&lt;", after.response)
            if named and result and not named[1].startswith("OpaqueRef"):
                found.setdefault(named[1], []).append(result[1].decode())
        return found

    def _one(self, exchange):
        self._prepare(exchange)
        head = self.translate(exchange.head)
        head = re.sub(r"(?i)(authorization: basic) \S+", self._basic, head)
        if exchange.method is not None and exchange.body_length("request") is None:
            body = self._call_body(exchange)
            head = re.sub(r"(?i)(content-length:) *\d+", rf"\1 {len(body)}", head)
        else:
            body = make_body(self, exchange)
            if "/import?" in head:
                head = re.sub(r"(?i)(content-length:) *\d+", rf"\1 {len(body)}", head)
            if exchange.head.startswith("POST /json"):
                body = self.translate(body.decode()).encode()
        data = head.encode("latin-1") + exchange.request[len(exchange.head):][:4] + body
        if b"\r\n\r\n" not in exchange.request:
            data = exchange.request
        answer = self._send(exchange, data)
        self._compare(exchange, answer)

    def _basic(self, match):
        import base64
        user, _, word = base64.b64decode(match[0].split()[-1]).decode().partition(":")
        word = self.sim.password if word == "xenroot" else word
        return f"{match[1]} " + base64.b64encode(f"{user}:{word}".encode()).decode()

    def _give_disks(self, exchange):
        """Disks made outside the recording: make one where a call names an unknown VDI."""
        cls, _, word = exchange.method.removeprefix("Async.").partition(".")
        params = [plain(p) for p in call_params(exchange.body)][1:]
        named = []
        if cls == "VBD" and word == "create":
            named = [params[0].get("VDI")]
        elif cls == "VBD" and word == "insert":
            named = params[1:2]
        elif cls == "VDI" and word not in ("create", "introduce"):
            named = params[:1]
        for ref in named:
            if ref and IDENTITY.fullmatch(ref) and self.resolve(ref) is None:
                self.learn(ref, make_vdi(self))

    def _call_body(self, exchange):
        self._give_disks(exchange)
        text = self.translate(exchange.body.decode("utf-8"))
        text = text.replace("<string>xenroot</string>", f"<string>{self.sim.password}</string>")
        if exchange.method == "event.from":
            text = re.sub(r"<double>(\d[\d.]*)</double>",
                          lambda m: f"<double>{min(float(m[1]), self.cap)}</double>", text)
            for recorded, simulated in self.tokens.items():
                text = text.replace(f"<string>{recorded}</string>", f"<string>{simulated}</string>")
        return text.encode("utf-8")

    def _send(self, exchange, data):
        silent = exchange.response.startswith(b"\n<<recorder: timeout>>")
        wait = exchange.method in ("task.get_record",)
        deadline = time.monotonic() + 10
        while True:
            answer = self._transmit(exchange, data, silent)
            if not wait or time.monotonic() > deadline:
                return answer
            # the recorder had waited for the task by other means
            status = re.search(rb"<name>status</name><value>(\w+)", exchange.response)
            ours = re.search(rb"<name>status</name><value>(\w+)", answer)
            if not status or not ours or status[1] == b"pending" or ours[1] != b"pending":
                return answer
            time.sleep(0.02)

    def _transmit(self, exchange, data, silent):
        keeps_open = "connection: close" not in exchange.head.lower()
        with self.sim.connect(timeout=0.25 if silent else 15) as sock:
            try:
                sock.sendall(data)
                if ends_by_close(exchange):
                    # the early answer first: Python's TLS cannot read data that comes
                    # while it sends its close_notify
                    early = receive_head(sock)
                    half_close_tls(sock)
                    return early + read_all(sock)
            except OSError:
                pass
            if any(word in exchange.name for word in HANGS_UP):
                return receive_part(sock, 65536)
            if "GET-console" not in exchange.name and exchange.head.startswith("CONNECT"):
                return receive_part(sock, len(exchange.response))
            if exchange.method is not None and keeps_open or exchange.head.startswith("OPTIONS"):
                return receive_message(sock)
            if "no-vdi-no-sr" in exchange.name:
                return receive_part(sock, len(exchange.response))
            return read_all(sock)


def ends_by_close(exchange):
    """Uploads without a length end with the connection; so do cut ones."""
    if not exchange.head.startswith("PUT"):
        return False
    wants = re.search(r"(?i)content-length: *(\d+)", exchange.head)
    return wants is None or exchange.index.get("sent_body", 1 << 62) < int(wants[1])
