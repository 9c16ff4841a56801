# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases of web-consoles-refuse-strangers.sh. usage: web_strangers.py URL VNC_PORT"""
import re
import socket
import struct
import sys
import threading
import time

import websocket

found = re.fullmatch(r"http://([\d.]+):(\d+)/\?token=([0-9a-f]{64})", sys.argv[1])
ADDRESS, TOKEN = (found[1], int(found[2])), found[3]
HOST = f"{found[1]}:{found[2]}"
GREETING = b"RFB 003.008\n"


def connect():
    return socket.create_connection(ADDRESS, timeout=60)


def get(path, host=HOST, **fields):
    """(status, fields, body)"""
    with connect() as sock:
        named = [("Host", host)] if isinstance(host, str) else [("Host", name) for name in host]
        status, head = websocket.request(sock, path, named + [(n.replace("_", "-"), v) for n, v in fields.items()])
        return status, head, websocket.exactly(sock, int(head["content-length"]))


def raw(data):
    with connect() as sock:
        sock.sendall(data)
        return websocket.answer(sock)[0]


def show(what, status):
    print(f"{what}: {status}")


def strangers():
    show("no token", get("/")[0])
    show("another token", get("/?token=" + "0" * 64)[0])
    show("part of the token", get("/?token=" + TOKEN[:-1])[0])
    show("a name that leads here", get("/?token=" + TOKEN, host=f"evil.example:{ADDRESS[1]}")[0])
    show("another port", get("/?token=" + TOKEN, host=f"{ADDRESS[0]}:80")[0])
    show("no name", get("/?token=" + TOKEN, host=[])[0])
    show("two names", get("/?token=" + TOKEN, host=[HOST, HOST])[0])
    show("a page of another server", get("/?token=" + TOKEN, Origin="http://evil.example")[0])
    show("a page of another port", get("/?token=" + TOKEN, Origin=f"http://{ADDRESS[0]}:80")[0])
    show("a page of no server", get("/?token=" + TOKEN, Origin="null")[0])
    show("POST", raw(f"POST /?token={TOKEN} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()))
    show("no HTTP", raw(b"\x16\x03\x01\x02\r\n\r\n"))
    show("HTTP/2", raw(b"PRI * HTTP/2.0\r\n\r\n"))
    show("a folded field", raw(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n x\r\n\r\n".encode()))
    show("bare line ends", raw(f"GET / HTTP/1.1\nHost: {HOST}\r\n\r\n".encode()))
    show("two requests at once", raw(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\nGET".encode()))
    show("a long field", raw(b"GET / HTTP/1.1\r\nX: " + b"x" * 20000 + b"\r\n\r\n"))
    show("many fields", raw(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n"))
    show("an endless head", raw(b"GET /" + b"a" * 100000))


def enter():
    """Spends the token; the folder and the cookie."""
    idle = [connect() for _ in range(50)]  # who only connects keeps nobody else from being served
    status, fields, _ = get("/?token=" + TOKEN, host=f"localhost:{ADDRESS[1]}")
    for sock in idle:
        sock.close()
    show("the browser", status)
    cookie, *attributes = [part.strip() for part in fields["set-cookie"].split(";")]
    path = fields["location"].split("/vnc.html?")[0]
    print("the cookie:", [a.replace(path, "FOLDER") for a in attributes])
    show("the same address again", get("/?token=" + TOKEN)[0])
    return path, cookie


def files(folder, cookie):
    show("its page", get(folder + "/vnc.html", Cookie=f"other=1; {cookie}")[::2])
    show("its script", get(folder + "/app/ui.js", Cookie=cookie)[::2])
    policy = get(folder + "/vnc.html", Cookie=cookie)[1]["content-security-policy"]
    print("policy:", policy.replace(HOST, "HOST"))
    show("without a cookie", get(folder + "/vnc.html")[0])
    show("with another cookie", get(folder + "/vnc.html", Cookie=cookie[:-1] + "?")[0])
    show("in another folder", get("/" + "0" * 64 + "/vnc.html", Cookie=cookie)[0])
    for name in ["/private.key", "/app", "/app/", "/", "", "/../outside.js", "/%2e%2e/outside.js", "/..%2foutside.js",
                 "/app/../../outside.js", "//etc/passwd", "/./vnc.html", "/vnc.html%00.js", "/..\\outside.js"]:
        status, _, body = get(folder + name, Cookie=cookie)
        show(f"file {name!r}", status)
        assert b"secret" not in body


def handshakes(folder, cookie):
    def attempt(what, **fields):
        try:
            fields = {name.replace("_", "-"): value for name, value in fields.items()}
            websocket.WebSocket(ADDRESS, folder + "/websockify", {"Origin": f"http://{HOST}", "Cookie": cookie, **fields})
            show(what, "BAD: accepted")
        except websocket.Refused as refused:
            show(what, refused.status)
    attempt("a socket without a cookie", Cookie=None)
    attempt("a socket of no page", Origin=None)
    attempt("a socket of another page", Origin="http://evil.example")
    attempt("a socket by another name", Host="evil.example", Origin="http://evil.example")
    attempt("a socket without a key", Sec_WebSocket_Key=None)
    attempt("a socket with a bad key", Sec_WebSocket_Key="AAAA")
    attempt("an old socket", Sec_WebSocket_Version="8")
    attempt("no upgrade", Upgrade=None)
    attempt("another protocol", Sec_WebSocket_Protocol="chat, base64")


def frames(folder, cookie):
    def opened(**more):
        socket_ = websocket.WebSocket(ADDRESS, folder + "/websockify",
                                      {"Origin": f"http://{HOST}", "Cookie": cookie, **more})
        assert socket_.read(12) == GREETING
        return socket_

    def broken(what, act):
        socket_ = opened()
        act(socket_)
        show(what, socket_.closed())

    named = opened(**{"Sec-WebSocket-Protocol": "binary, base64"})
    print("protocol:", named.fields.get("sec-websocket-protocol"))
    named.send(b"hello", websocket.PING)
    print("ping:", named.frame())
    named.send(struct.pack(">H", 1000) + b"bye", websocket.CLOSE)
    show("close", named.closed())
    broken("a frame without a mask", lambda s: s.send(GREETING, masked=False))
    broken("text", lambda s: s.send(GREETING, websocket.TEXT))
    broken("an extension", lambda s: s.send(GREETING, first=0xC2))
    broken("a part of nothing", lambda s: s.send(GREETING, websocket.CONTINUATION))
    broken("a message in a message", lambda s: (s.send(b"R", first=2), s.send(b"R", first=2)))
    broken("an unknown frame", lambda s: s.send(b"", 3))
    broken("an unknown control frame", lambda s: s.send(b"", 11))
    broken("a ping in parts", lambda s: s.send(b"", first=websocket.PING))
    broken("a long ping", lambda s: s.send(b"x" * 126, websocket.PING))
    broken("half a status", lambda s: s.send(b"x", websocket.CLOSE))
    broken("a large frame", lambda s: s.sock.sendall(struct.pack(">BBQ", 0x82, 0xFF, 3 << 20) + b"mask"))
    broken("an impossible frame", lambda s: s.sock.sendall(struct.pack(">BBQ", 0x82, 0xFF, 1 << 63) + b"mask"))
    broken("a length in too many bytes", lambda s: s.sock.sendall(struct.pack(">BBH", 0x82, 0xFE, 12) + b"mask"))
    first = opened()
    second = opened()
    show("the console goes to the newer page", first.closed())
    for part in (GREETING[:5], GREETING[5:]):
        second.send(part)
    assert second.read(2) == b"\1\1"
    # a message in parts, a ping in between
    second.send(b"", first=websocket.BINARY)
    second.send(b"", websocket.PING)
    assert second.frame() == (websocket.PONG, b"")
    second.send(b"\1", websocket.CONTINUATION)
    assert second.read(4) == bytes(4)
    second.send(b"\1")
    print("and works there:", struct.unpack(">HH", second.read(4)))
    return second


def main():
    deaf = threading.Thread(target=listen_to_nothing, args=(int(sys.argv[2]),), daemon=True)
    deaf.start()
    strangers()
    folder, cookie = enter()
    silent = connect()  # both are given up after 10 s
    slow = connect()
    threading.Thread(target=trickle, args=(slow,), daemon=True).start()
    files(folder, cookie)
    handshakes(folder, cookie)
    frames(folder, cookie).sock.close()
    stalled = websocket.WebSocket(ADDRESS, folder + "/websockify", {"Origin": f"http://{HOST}", "Cookie": cookie})
    show("a peer that is silent", ended(silent))
    show("a peer that is slow", ended(slow))
    assert stalled.read(12) == GREETING
    show("a viewer that is silent", stalled.closed())  # after 30 s
    deaf.join(60)
    show("a viewer that does not read", "is still there" if deaf.is_alive() else "is cut off")


def listen_to_nothing(port):
    """Asks for more pictures than buffers hold, and reads none, until the server has enough."""
    with socket.create_connection(("127.0.0.1", port), timeout=120) as sock:
        for part in (GREETING, b"\1", b"\1"):
            sock.sendall(part)
        try:
            while True:
                sock.sendall(struct.pack(">BBHHHH", 3, 0, 0, 0, 16, 8) * 1000)
        except OSError:
            pass


def trickle(sock):
    """A byte a second, for ever."""
    try:
        for byte in b"GET / HTTP/1.1\r\nX: " + b"x" * 1000:
            sock.sendall(bytes([byte]))
            time.sleep(0.5)
    except OSError:
        pass


def ended(sock):
    """The server's last words to a connection."""
    try:
        return websocket.answer(sock)[0]
    except (EOFError, ConnectionError):
        return "cut"


main()
