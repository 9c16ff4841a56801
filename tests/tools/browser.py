# SPDX-License-Identifier: GPL-3.0-or-later
"""A headless Chromium, driven over its remote debugging protocol. Standard library only."""
import json
import pathlib
import shutil
import signal
import subprocess
import time
import urllib.request

import websocket


class Browser:
    """One page. `folder` takes the profile. A browser is given 120 s to start."""

    def __init__(self, folder, program="chromium"):
        self.folder = pathlib.Path(folder).resolve()
        command = [shutil.which(program), "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={self.folder}",
                   "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
                   "--disable-background-networking", "--disable-component-update", "--disable-sync",
                   "--no-proxy-server", "--window-size=900,700", "about:blank"]
        with open(f"{self.folder}.log", "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.number, self.waiting = 0, []
        port = self.until(120, self.port, "a browser that starts")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=60) as answer:
            page = next(target for target in json.load(answer) if target["type"] == "page")
        path = page["webSocketDebuggerUrl"].split(str(port), 1)[1]
        self.socket = websocket.WebSocket(("127.0.0.1", port), path, timeout=120)
        self.call("Page.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def port(self):
        assert self.process.poll() is None, open(f"{self.folder}.log", encoding="utf-8", errors="replace").read()
        file = self.folder / "DevToolsActivePort"
        lines = file.read_text().splitlines() if file.exists() else []
        return int(lines[0]) if len(lines) == 2 else None

    @staticmethod
    def until(seconds, act, what):
        """What `act` gives once that is something."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            result = act()
            if result:
                return result
            time.sleep(0.1)
        raise AssertionError(f"no {what} within {seconds} s")

    def call(self, method, **parameters):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}).encode(), websocket.TEXT)
        while True:
            opcode, payload = self.socket.frame()
            if opcode == websocket.CLOSE:
                raise EOFError("the browser has gone")
            message = json.loads(payload) if opcode == websocket.TEXT else {}
            if message.get("id") == self.number:
                assert "error" not in message, message
                return message["result"]

    def open(self, url):
        return self.call("Page.navigate", url=url)

    def ask(self, expression):
        """The value of a JavaScript expression; None when it throws."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    def wait(self, expression, seconds=90):
        return self.until(seconds, lambda: self.ask(expression), expression)

    def press(self, key, code, number):
        """One key: "b", "KeyB", 66."""
        common = {"key": key, "code": code, "windowsVirtualKeyCode": number, "nativeVirtualKeyCode": number}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=key, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)
