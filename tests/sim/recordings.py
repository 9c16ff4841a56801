# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorded exchanges: reading them, taking requests and answers apart."""

import json
import os
import re
import tarfile
import xml.etree.ElementTree as ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
ARCHIVE = os.path.join(HERE, "..", "data", "wire", "xapi-23.1.tar.xz")
PREFIX = "xapi-23.1-"

IDENTITY = re.compile(
    r"OpaqueRef:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)


class Exchange:
    """One request and its answer, as recorded."""

    def __init__(self, scenario, name, request, response, metas, index):
        self.scenario, self.name = scenario, name
        self.request, self.response = request, response
        self.metas, self.index = metas, index
        head, _, self.body = request.partition(b"\r\n\r\n")
        self.head = head.decode("latin-1")
        self.method, self.element = None, None
        if b"<methodCall>" in self.body:
            match = re.search(rb"<methodName>([^<]*)</methodName>", self.body)
            self.method = match.group(1).decode()

    @property
    def number(self):
        """The leading digits of the name."""
        return int(self.name.split("-", 1)[0])

    @property
    def where(self):
        """scenario/NNN as the accepted differences name it."""
        return f"{self.scenario}/{self.number:03d}"

    def body_length(self, side):
        """True length of a body of which only the start was kept, or None."""
        for name, meta in self.metas.items():
            part = meta.get(side, meta if "body_length" in meta else {})
            is_request = name.endswith(".request.meta")
            is_response = name.endswith(".response.meta")
            if "body_length" not in part or is_request and side == "response":
                continue
            if is_response and side == "request":
                continue
            return part["body_length"]
        return None


class Recordings:
    """All scenarios of the archive (and of a shared folder, when there is one)."""

    def __init__(self, shared=None):
        self.scenarios, self.extras = {}, {}
        files = {}
        with tarfile.open(ARCHIVE, "r:xz") as archive:
            for member in archive:
                if member.isfile():
                    files[member.name] = archive.extractfile(member).read()
        folder = os.path.join(shared, "wire", PREFIX + "pool") if shared else ""
        if os.path.isdir(folder):
            for name in os.listdir(folder):
                with open(os.path.join(folder, name), "rb") as data:
                    files[f"{PREFIX}pool/{name}"] = data.read()
        folders = {}
        for path, data in files.items():
            folder, _, name = path.rpartition("/")
            folders.setdefault(folder.removeprefix(PREFIX), {})[name] = data
        for scenario, members in sorted(folders.items()):
            self._add(scenario, members)

    def _add(self, scenario, members):
        index = json.loads(members.get("index.json", b"{}"))
        details = {}
        for item in index.get("exchanges", []):
            key = item.get("file") or item.get("request", "").removesuffix(".request")
            details[key] = item
        exchanges = []
        for name in sorted(members):
            if not name.endswith(".request"):
                continue
            stem = name.removesuffix(".request")
            metas = {
                other: json.loads(data) for other, data in members.items()
                if other.startswith(stem + ".") and other.endswith(".meta")
            }
            exchanges.append(Exchange(
                scenario, stem, members[name], members.get(stem + ".response", b""), metas,
                details.get(stem, {}),
            ))
        self.scenarios[scenario] = exchanges
        self.extras[scenario] = members


def shape(element):
    """A <value> as nested (type, content); text of untyped values has type "text"."""
    if element is None:
        return ("missing", None)
    if len(element) == 0:
        return ("text", element.text or "")
    child = element[0]
    if child.tag == "array":
        return ("array", [shape(v) for v in child.find("data")])
    if child.tag == "struct":
        return ("struct", {m.findtext("name") or "": shape(m.find("value")) for m in child})
    return (child.tag, child.text or "")


def plain(value):
    """The content of a shape as Python value."""
    kind, content = value
    if kind == "array":
        return [plain(v) for v in content]
    if kind == "struct":
        return {k: plain(v) for k, v in content.items()}
    if kind == "boolean":
        return content == "1"
    return content


def answer_shape(body):
    """("Success", shape), ("Failure", [info]), ("bare", shape) or None when it is no RPC."""
    try:
        root = ElementTree.fromstring(body.strip())
    except ElementTree.ParseError:
        return None
    if root.tag != "methodResponse":
        return None
    value = shape(root.find("params/param/value"))
    if value[0] == "struct" and "Status" in value[1]:
        if plain(value[1]["Status"]) == "Success":
            return ("Success", value[1]["Value"])
        return ("Failure", plain(value[1]["ErrorDescription"]))
    return ("bare", value)


def call_params(body):
    """The parameters of a recorded call as shapes."""
    try:
        root = ElementTree.fromstring(body.strip())
    except ElementTree.ParseError:  # only the start was kept
        return []
    params = root.find("params")
    return [shape(p.find("value")) for p in (params if params is not None else ())]
