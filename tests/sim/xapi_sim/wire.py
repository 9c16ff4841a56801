# SPDX-License-Identifier: GPL-3.0-or-later
"""The two RPC encodings, exactly as xapi writes them.

XML-RPC: strings, references, enums and integers are untyped <value> text;
only booleans, doubles, dates, arrays and structs carry an element, and only
event.from's valid_ref_counts has real <i4> (observed in every recording).
JSON-RPC keeps integers as strings, too (xapi-simulator.md section B).
"""

import codecs
import json
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

XML_HEAD = '<?xml version="1.0"?>'

#: The raw-names fault: map keys go out unescaped, as ocaml-rpc does (xapi.md 1.2).
RAW_NAMES = False

#: Control characters below 0x20 except tab, LF and CR never reach a client.
_DROP = {c: None for c in range(0x20) if c not in (9, 10, 13)}


def _lenient(error):
    """Seeded names may hold bytes that are not UTF-8 (surrogate escapes): send them raw."""
    char = error.object[error.start]
    raw = bytes([ord(char) - 0xDC00]) if 0xDC80 <= ord(char) <= 0xDCFF else b"?"
    return raw, error.start + 1


codecs.register_error("sim-lenient", _lenient)


class Date(str):
    """A dateTime.iso8601 such as 20261122T16:39:38Z."""


class I4(int):
    """An integer that is sent as <i4> instead of as text."""


class Int(int):
    """An integer that a client sent as <int>/<i4>/<i8> or as a JSON number."""


class BadRequest(Exception):
    """The body is not an RPC call; the text is what xapi puts into its HTML page."""


class Failure(Exception):
    """A XenAPI error: code and parameters."""

    def __init__(self, code, *params):
        super().__init__(code, *params)
        self.info = [code] + [str(p) for p in params]


def clean(text):
    """Text as it may appear inside an element."""
    return escape(text.translate(_DROP))


def to_xml(value):
    """One <value> element."""
    if isinstance(value, bool):
        return "<value><boolean>%d</boolean></value>" % value
    if isinstance(value, I4):
        return "<value><i4>%d</i4></value>" % value
    if isinstance(value, Encoded):
        return value.xml
    if isinstance(value, Date):
        return f"<value><dateTime.iso8601>{value}</dateTime.iso8601></value>"
    if isinstance(value, str):
        return f"<value>{clean(value)}</value>"
    if isinstance(value, int):
        return "<value>%d</value>" % value
    if isinstance(value, float):
        return "<value><double>%.16g</double></value>" % value
    if isinstance(value, dict):
        members = "".join(
            f"<member><name>{str(k) if RAW_NAMES else clean(str(k))}</name>{to_xml(v)}</member>"
            for k, v in value.items()
        )
        return f"<value><struct>{members}</struct></value>"
    if value is None:
        return "<value><nil/></value>"
    return "<value><array><data>%s</data></array></value>" % "".join(map(to_xml, value))


def to_plain(value):
    """The JSON form of a value."""
    if isinstance(value, Encoded):
        return value.plain
    if isinstance(value, (bool, I4, float)) or value is None:
        return value
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, str):
        return str(value)
    if isinstance(value, dict):
        return {str(k): to_plain(v) for k, v in value.items()}
    return [to_plain(v) for v in value]


class Encoded:
    """A record whose encodings are kept, so that 1000 VMs are answered quickly."""

    __slots__ = ("value", "_xml", "_plain")

    def __init__(self, value):
        self.value, self._xml, self._plain = value, None, None

    @property
    def xml(self):
        if self._xml is None:
            self._xml = to_xml(self.value)
        return self._xml

    @property
    def plain(self):
        if self._plain is None:
            self._plain = to_plain(self.value)
        return self._plain


def ocaml_type(value):
    """How ocaml-rpc prints a value in its type errors (observed: errors-sessions/036)."""
    if isinstance(value, bool):
        return "B(%s)" % str(value).lower()
    if isinstance(value, int):
        return f"I({value})"
    if isinstance(value, float):
        return "F(%.16g)" % value
    if isinstance(value, dict):
        return "Dict(..)"
    if isinstance(value, list):
        return "Enum(..)"
    return f"S({value})"


def parse_value(element):
    """A <value> element as Python value."""
    if len(element) == 0:
        return element.text or ""
    child = element[0]
    text, tag = child.text or "", child.tag
    if tag == "string":
        return text
    if tag in ("int", "i4", "i8"):
        try:
            return Int(text.strip())
        except ValueError:
            raise BadRequest('Failure("int_of_string")') from None
    if tag == "boolean":
        return text.strip() == "1"
    if tag == "double":
        try:
            return float(text.strip())
        except ValueError:
            raise BadRequest('Failure("float_of_string")') from None
    if tag == "dateTime.iso8601":
        return Date(text)
    if tag == "array":
        data = child.find("data")
        return [] if data is None else [parse_value(v) for v in data]
    if tag == "struct":
        struct = {}
        for member in child:
            name, inner = member.find("name"), member.find("value")
            if name is None or inner is None:
                raise BadRequest("XMLRPC.RunTimeTypeError")
            struct[name.text or ""] = parse_value(inner)
        return struct
    if tag in ("nil", "base64"):
        return None if tag == "nil" else text
    raise BadRequest(f'XMLRPC.RunTimeTypeError("unbox: Element={tag}")')


def parse_xml_call(body):
    """(method, params) of a <methodCall>; invalid UTF-8 is INVALID_VALUE."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Failure("INVALID_VALUE", "parameter", "Invalid UTF-8 string") from None
    if "<!DOCTYPE" in text[:4096] or "<!ENTITY" in text:
        raise BadRequest('Xmlm.Error(1:1, "illegal DTD")')
    try:
        root = ElementTree.fromstring(text.strip())
        if root.tag != "methodCall":
            raise BadRequest('Xmlm.Error(1:1, "expected methodCall")')
        name = root.findtext("methodName") or ""
        params = root.find("params")
        values = []
        for param in params if params is not None else ():
            value = param.find("value")
            values.append("" if value is None else parse_value(value))
        return name, values
    except ElementTree.ParseError:
        # observed: empty/32-not-xml
        raise BadRequest('Xmlm.Error(1:1, "expected root element")') from None
    except RecursionError:
        raise BadRequest("Stack_overflow") from None


def parse_json_call(body):
    """(method, params, id, version 2?) of a JSON-RPC call."""
    try:
        call = json.loads(body.decode("utf-8"), parse_int=Int)
        method, params, number = call["method"], call.get("params", []), call["id"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadRequest(f'Failure("Malformed JSON-RPC: {type(error).__name__}")') from None
    if not isinstance(method, str) or not isinstance(params, list) or number is None:
        raise BadRequest('Failure("Malformed JSON-RPC")')
    return method, params, number, call.get("jsonrpc") == "2.0"


def xml_reply(value):
    """A successful answer."""
    return _envelope(
        "<value><struct><member><name>Status</name><value>Success</value></member>"
        f"<member><name>Value</name>{to_xml(value)}</member></struct></value>"
    )


def xml_bare(value):
    """system.listMethods answers without the Status struct (observed: empty/33)."""
    return _envelope(to_xml(value))


def xml_failure(info):
    """A failed answer."""
    return _envelope(
        "<value><struct><member><name>Status</name><value>Failure</value></member>"
        f"<member><name>ErrorDescription</name>{to_xml(info)}</member></struct></value>"
    )


def _envelope(inner):
    return (
        f"{XML_HEAD}<methodResponse><params><param>{inner}</param></params></methodResponse>"
    ).encode("utf-8", "sim-lenient")


def json_reply(value, number, version2, info=None):
    """A JSON-RPC answer of either version (observed: errors-sessions/179, 180)."""
    number = int(number) if isinstance(number, Int) else number
    if info is not None:
        error = {"code": 1, "message": info[0], "data": info[1:]} if version2 else info
        reply = {"jsonrpc": "2.0", "error": error} if version2 else {"result": None, "error": info}
    elif version2:
        reply = {"jsonrpc": "2.0", "result": to_plain(value)}
    else:
        reply = {"result": to_plain(value), "error": None}
    reply["id"] = number
    return json.dumps(reply, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "sim-lenient"
    )
