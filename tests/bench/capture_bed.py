# SPDX-License-Identifier: GPL-3.0-or-later
"""What capture_bench.py measures on: a veth pair whose host end has a vif's name, a real sshd on loopback, a sender."""
import os
import pathlib
import shutil
import struct
import subprocess
import threading
import time

CIPHER = "aes128-gcm@openssh.com"
FILTER = ["udp", "port", "9"]


def shell(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def children_cpu():
    usage = os.times()
    return usage.children_user + usage.children_system


def processes(name):
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (path / "comm").read_text().strip() == name:
                yield int(path.name)
        except OSError:
            pass


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("it takes too long")
        time.sleep(0.005)


def packets_of_pcap(path):
    data, at, count = path.read_bytes(), 24, 0
    while at + 16 <= len(data):
        at += 16 + struct.unpack_from("<I", data, at + 8)[0]
        count += at <= len(data)
    return count


def packets_of_pcapng(path):
    data, at, count = path.read_bytes(), 0, 0
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<II", data, at)
        count += kind == 6
        at += length
    return count


class Bed:
    """The interface and the server. Everything ends with us."""

    def __init__(self, folder, tools, send):
        self.folder, self.tools, self.send = folder, tools, send
        self.accepted = []      # when logins succeeded
        for name in ("host", "user"):
            shell("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name)
        shutil.copy(folder / "user.pub", folder / "authorized")
        os.makedirs("/run/sshd", exist_ok=True)
        (folder / "home").mkdir()
        (folder / "bin").mkdir()
        (folder / "sshd").write_text(
            f"ListenAddress 127.0.0.1\nPort 2222\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
            "PidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nLogLevel INFO\nPrintMotd no\n"
            f"SetEnv HOME={folder}/home PATH={folder}/bin:{os.environ['PATH']}\n")
        (folder / "known").write_text("[127.0.0.1]:2222 " + (folder / "host.pub").read_text())
        (folder / "ssh").write_text(
            f"Host h1\n HostName 127.0.0.1\n Port 2222\n User root\n IdentityFile {folder}/user\n IdentityAgent none\n"
            f" UserKnownHostsFile {folder}/known\n GlobalKnownHostsFile none\n Ciphers {CIPHER}\n")
        self.guest = subprocess.Popen(["unshare", "-n", "sleep", "100000"])
        wait_until(lambda: os.readlink(f"/proc/{self.guest.pid}/ns/net") != os.readlink("/proc/self/ns/net"))
        self.server = None

    def program(self, name, text):
        """Something that the host has."""
        (self.folder / "bin" / name).write_text(text)
        (self.folder / "bin" / name).chmod(0o755)

    def serve(self):
        self.accepted.clear()
        self.server = subprocess.Popen([shutil.which("sshd"), "-D", "-e", "-f", self.folder / "sshd"],
                                       stderr=subprocess.PIPE, text=True)
        ready = threading.Event()

        def listen(stream):
            for line in stream:
                if "Accepted publickey" in line:
                    self.accepted.append(time.monotonic())
                if "Server listening" in line:
                    ready.set()

        threading.Thread(target=listen, args=(self.server.stderr,), daemon=True).start()
        ready.wait(20)

    def stop(self):
        self.server.kill()

    def nic(self, name, net, up=True):
        shell("ip", "link", "add", name, "type", "veth", "peer", "name", f"p{net}", "netns", str(self.guest.pid))
        shell("ip", "addr", "add", f"10.{net}.0.1/24", "dev", name)
        shell("nsenter", "-t", str(self.guest.pid), "-n", "ip", "link", "set", f"p{net}", "up")
        if up:
            self.up(name, net)

    def up(self, name, net):
        shell("ip", "link", "set", name, "up")
        # Nobody's address: the guest drops it without an answer.
        shell("ip", "neigh", "replace", f"10.{net}.0.2", "lladdr", "00:16:3e:ff:ff:ff", "dev", name)

    def sender(self, size, rate, seconds, net=7):
        return subprocess.Popen([self.send, f"10.{net}.0.2", "9", str(size - 42), str(rate), str(seconds)],
                                stdout=subprocess.PIPE, text=True)

    def ssh(self, options):
        return ["ssh", "-F", str(self.folder / "ssh"), "h1", f"tcpdump -i vif7.0 {options} -w - " + " ".join(FILTER)]

    def vifcap(self, *more, interface="vif7.0"):
        return [str(self.tools / "vifcap"), "-v", "--no-events", "--ssh-config", str(self.folder / "ssh"), "--ssh-host", "h1",
                *(["--interface", interface] if interface else []), *more, "--", *FILTER]


def zombie(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def reap_others(bed):
    """What became ours because its parent has gone, and the server; not the guest."""
    while True:
        try:
            info = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG)
        except ChildProcessError:
            return
        if info is None:
            return
        if info.si_pid == bed.server.pid:
            bed.server.returncode = 0


def has_packet(data):
    at = 0
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == 6:
            return True
        at += length
    return False


def first_time(data):
    """Of the first packet: seconds since 1970. All packets are of the last interface here."""
    at = 0
    while at + 28 <= len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == 6:
            high, low = struct.unpack_from("<II", data, at + 12)
            return ((high << 32) + low) / 1e9
        at += length
    raise RuntimeError("no packet was captured after the reboot")
