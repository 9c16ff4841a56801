#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tools: xvm
# timeout: 180
# A terminal and a pipe as the text console of a VM: bytes as they are, the escape key, reboots, and the terminal as it was afterwards.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
with_xapi --hosts 2 --vms 3 --running 2
status xvm console vm003 --text
no_text() { # as an HVM guest
    xapi_py <<<'
vm = call("VM.get_by_name_label", "vm002")[0]
for ref in call("VM.get_consoles", vm):
    if call("console.get_protocol", ref) == "vt100": print(call("console.get_uuid", ref))'
}
set_field "[\"console\", \"$(no_text)\", \"protocol\", \"rfb\"]"
status xvm console vm002 --text
cat >driver.py <<'END'
import os, pty, select, signal, subprocess, sys, termios, time
class Terminal:
    def __init__(self):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvp("xvm", ["xvm", "console", "vm001", "--text"])
        self.seen, self.before = b"", None
    def until(self, text):
        end = time.monotonic() + 60
        while text not in self.seen:
            assert time.monotonic() < end, (text, self.seen)
            if select.select([self.fd], [], [], 1)[0]:
                self.seen += os.read(self.fd, 4096)
        self.seen = self.seen.split(text, 1)[1]
    def type(self, data):
        os.write(self.fd, data)
    def flags(self):
        return termios.tcgetattr(self.fd)[:4]
    def end(self):
        """Its exit status; the terminal must be read for that."""
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid: return os.waitstatus_to_exitcode(status)
            try:
                if select.select([self.fd], [], [], 0.1)[0]: self.seen += os.read(self.fd, 4096)
            except OSError: # its end of the terminal is closed
                time.sleep(0.1)
for way in ["escape", "signal"]:
    t = Terminal()
    before = t.flags()
    t.until(b"ctrl-] ends")
    t.until(b"lab console")
    raw = t.flags()
    print("raw:", not raw[3] & (termios.ICANON | termios.ECHO | termios.ISIG), not raw[1] & termios.OPOST)
    t.type(b"root\r")
    t.until(b"root\r")
    t.type(b"\x03\x1a\x1c\x11\x13\x7f\xff")  # what a line discipline would take
    t.until(b"\x03\x1a\x1c\x11\x13\x7f\xff")
    t.type(b"\x1b]0;title\x07\x1b[2J")
    t.until(b"\x1b]0;title\x07\x1b[2J")
    if way == "escape":
        for command in [["reset", "vm001", "--yes"], ["migrate", "vm001", "--to", sys.argv[1]]]:
            subprocess.run(["xvm", *command, "--format", "ids"], check=True, stdout=subprocess.DEVNULL)
            t.until(b"the console has ended; waiting for the next\n\r")
            t.until(b"the console is back\n\r")
            t.until(b"lab console")
            t.type(b"after " + command[0].encode())
            t.until(b"after " + command[0].encode())
        t.type(b"last\x1dwords")
    else:
        os.kill(t.pid, signal.SIGTERM)
    print(way, "ends it with", t.end())
    assert b"words" not in t.seen
    print("as before:", t.flags() == before)
END
host=$(xvm ls vm001 --format tsv --fields host)
case $host in host1) other=host2 ;; *) other=host1 ;; esac
python3 driver.py "$other"
# without a terminal: plain bytes, and no key is special
printf 'plain\035\003\377' | xvm console vm001 --text >output 2>notes &
text=$!
wait_for 30 grep -qsa 'plain' output
kill $text
wait $text 2>/dev/null || echo "exit $?"
tail -n +2 output | od -An -c
sed 's/^/note: /' notes
no_remains
