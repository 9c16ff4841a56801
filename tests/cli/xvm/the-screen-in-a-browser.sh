#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# timeout: 300
# A real browser (Chromium) with noVNC shows a real VNC server's picture and sends it keys, also after a reload and after a reboot of the VM.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
. "$ROOT/tests/cli/vnc_guest.sh"
requires chromium
[ -e /usr/share/novnc/vnc.html ] || skip "needs the package novnc, which is not installed"
with_vnc_guest
with_xapi --vms 2 --running 1 --console "$PWD/vnc"
xvm console vm001 --web >url 2>notes &
web=$!
wait_for 20 test -s url
grep -qE '^http://127\.0\.0\.1:[0-9]+/\?token=[0-9a-f]{64}$' url || echo "BAD: $(cat url)"
PYTHONPATH=$ROOT/tests/tools python3 - <<'END'
import subprocess
import browser

PIXEL = "(() => { const c = document.querySelector('canvas'); return [...c.getContext('2d').getImageData(%s, %s, 1, 1).data].join(); })()"
BLUE, GREEN, RED = "0,0,168,255", "0,168,0,255", "168,0,0,255"
url = open("url").read().strip()
with browser.Browser("profile") as page:
    def shows(colour):
        """In the first line, the middle and the last line: the rectangles have many lines."""
        for place in [("0", "0"), ("c.width / 2", "c.height / 2"), ("c.width - 1", "c.height - 1")]:
            page.wait(f"{PIXEL % place} == '{colour}'")
    page.open(url)
    shows(RED)
    print("the browser shows", page.ask("document.querySelector('canvas').width"), page.ask("document.title"))
    print("its address has the token:", "token" in page.ask("location.href"))
    print("scripts see the cookie:", bool(page.ask("document.cookie")))
    page.press("b", "KeyB", 66)
    shows(GREEN)
    print("the guest has got", open("keys").read())
    page.call("Page.reload")
    page.wait("document.readyState == 'complete'")
    shows(GREEN)
    page.press("a", "KeyA", 65)
    shows(BLUE)
    print("after a reload, too:", open("keys").read())
    subprocess.run(["xvm", "reset", "vm001", "--yes", "--format", "ids"], check=True, stdout=subprocess.DEVNULL)
    page.until(60, lambda: "is back" in open("notes").read(), "console")
    page.press("d", "KeyD", 68)
    shows(RED)
    print("and after a reboot:", open("keys").read())
    page.open(url)
    page.wait("document.body.innerText.includes('used before')")
    print("the address is good for one time")
END
kill $web
wait $web 2>/dev/null || echo "exit $?"
sed 's/^/note: /' notes
no_remains
