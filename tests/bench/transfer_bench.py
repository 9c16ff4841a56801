#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures xvm export and import against curl -o and curl -T, in pairs: ours, peer, ours, peer...

    ./dev bench transfer             everything; fails where a limit is exceeded
    ./dev bench transfer --write     and keep the table in tests/bench/results-transfer.md

So that the simulated pool is not what is measured, nginx stands in front of it with its certificate: calls of the API
are passed on, but /export is a file of nginx, and what is sent to /import goes into a file of nginx's. The tasks that
the pool's own handlers would end are ended here, as soon as nginx has logged the request.
"""
import argparse
import contextlib
import datetime
import getpass
import grp
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "tests/sim")]
sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import bench  # noqa: E402
import definitions  # noqa: E402
from simtest import Simulator  # noqa: E402

# xapi answers a PUT before it reads the body, and we wait for that; only the echo module makes nginx do so, too.
ECHO = pathlib.Path("/usr/lib/nginx/modules/ngx_http_echo_module.so")
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")  # which not everybody has in PATH
LIMIT, RSS = 1.2, 64

CONFIG = """
load_module {echo};
user {user} {group};
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/errors;
events {{ worker_connections 100; }}
http {{
    log_format ended "$request_method $uri $status";
    access_log {folder}/log ended;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 0;
    default_type application/octet-stream;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        location = /export {{ alias {archive}; }}
        location = /import {{ echo taken; echo_flush; echo_read_request_body; chunked_transfer_encoding off; lingering_close off; }}
        location / {{ proxy_pass {pool}; proxy_http_version 1.1; access_log off; }}
    }}
}}
"""


class Lab:
    """The pool, nginx in front of it, and the environment in which xvm finds them. No path has a space, for nginx's sake."""

    def __init__(self, stack, archive):
        self.folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="xenlab-bench-")))
        self.pool = stack.enter_context(Simulator("--vms", "1", "--time-scale", "0.05"))
        secret = pathlib.Path(self.pool.ready["password_file"])
        self.vm = self.pool.call("VM.get_by_name_label", self.pool.login(), "vm001")[0]
        self.url = f"https://127.0.0.1:{free_port()}"
        self.archive = self.folder / "archive.xva"  # the kept one may lie under any path
        self.archive.symlink_to(archive)
        os.environ.update(XENLAB_HOST=self.url[8:], XENLAB_PASSWORD_FILE=str(secret))
        for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
            (self.folder / name).mkdir(mode=0o700)
            os.environ[name] = str(self.folder / name)
        pins = self.folder / "XDG_STATE_HOME/xenlab"
        pins.mkdir()
        (pins / "pins").write_text(f"{self.url[8:]} {self.pool.ready['pin']}\n", encoding="ascii")
        self.start_nginx(stack, secret.parent)
        stop = threading.Event()
        thread = threading.Thread(target=self.end_tasks, args=(stop,))
        thread.start()
        stack.callback(lambda: (stop.set(), thread.join()))

    def start_nginx(self, stack, keys):
        config = self.folder / "nginx.conf"
        config.write_text(CONFIG.format(
            echo=ECHO, user=getpass.getuser(), group=grp.getgrgid(os.getgid()).gr_name, folder=self.folder,
            port=self.url.rpartition(":")[2], archive=self.archive, pool=self.pool.url, certificate=keys / "cert-1.pem",
            key=keys / "key-1.pem"), encoding="utf-8")
        process = subprocess.Popen([NGINX, "-e", self.folder / "errors", "-c", config], stderr=subprocess.DEVNULL)
        stack.callback(lambda: (process.terminate(), process.wait()))
        for _ in range(500):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", int(self.url.rpartition(":")[2]))):
                return
            time.sleep(0.02)
        raise RuntimeError("nginx: " + (self.folder / "errors").read_text(encoding="utf-8"))

    def end_tasks(self, stop):
        """What xapi's handlers do with the task when they have sent or taken everything."""
        made = f"<value><array><data><value>{self.vm}</value></data></array></value>"
        with open(self.folder / "log", encoding="utf-8") as log:
            while not stop.is_set():
                words = log.readline().split()
                if not words:
                    time.sleep(0.002)
                    continue
                way = words[1][1:]
                if words[2] == "200" and way == "import":
                    self.set_task(way, "result", made)
                if words[2] == "200":
                    self.set_task(way, "status", "success")

    def set_task(self, way, field, value):
        """curl has none, which is no error here."""
        text = value.replace('"', '\\"')
        self.pool.control(f'set ["task", "xenlab {way}", "{field}", "{text}"]')


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def comparisons(xvm, lab, out):
    """(what is measured, our command, the peer's); ./dev bench's rules for limits."""
    archive, curl = str(lab.archive), ["curl", "-fsSk"]
    download = [*curl, "-o", f"{out}/curl.xva", f"{lab.url}/export"]
    named = definitions.Benchmark
    yield named("export", [xvm, "export", "vm001", "-o", f"{out}/ours.xva"], download, LIMIT, rss=RSS)
    synced = ["sh", "-c", 'file=$1; shift; "$@" && sync "$file"', "-", f"{out}/curl.xva", *download]
    yield named("export, curl then sync", [xvm, "export", "vm001", "-o", f"{out}/ours.xva"], synced, LIMIT, rss=RSS)
    yield named("export to a pipe", ["sh", "-c", '"$0" export vm001 -o - | cat >/dev/null', xvm],
                ["sh", "-c", '"$@" | cat >/dev/null', "-", *curl, f"{lab.url}/export"], LIMIT, rss=RSS)
    # Else curl would wait a second for a "100 Continue".
    upload = [*curl, "-H", "Expect:", "-T", archive, f"{lab.url}/import"]
    yield named("import", [xvm, "import", archive], upload, LIMIT, rss=RSS)


def report(results, options):
    return (f"# Results of ./dev bench transfer\n\n{datetime.date.today().isoformat()}, {bench.machine()}; {options.runs} pairs "
            f"after a warm-up; an archive of {options.size} in the page cache, served and taken over TLS by nginx on the "
            "same cores. Export verifies every chunk and has the file on the medium when it returns; import looks through "
            f"the archive first and verifies what it sends.\n\n{bench.HEAD}\n" + "\n".join(r.row() for r in results) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="part of a comparison's name")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin")
    parser.add_argument("--size", default="2500M", help="of the big disk")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--scratch", type=pathlib.Path, default=ROOT / "build/bench", help="where archives are kept")
    parser.add_argument("--write", action="store_true", help="write tests/bench/results-transfer.md")
    options = parser.parse_args()
    options.bin = options.bin.resolve()
    wanted = {"nginx": NGINX, "its echo module": ECHO.exists(), "curl": shutil.which("curl")}
    missing = [name for name, found in wanted.items() if not found]
    if missing:
        print(f"SKIP everything: needs {', '.join(missing)} (./dev setup --full)", file=sys.stderr)
        return 0
    inputs = bench.Inputs(options.scratch.resolve(), options.size)
    inputs.warm("xxh64.xva")
    results = []
    print(bench.HEAD)
    with contextlib.ExitStack() as stack:
        lab = Lab(stack, inputs.get("xxh64.xva"))
        for one in comparisons(str(options.bin / "xvm"), lab, inputs.out):
            if not options.names or any(name in one.name for name in options.names):
                runs = bench.paired(str(options.bin.parent / "bench/measure"), one.ours, one.peer, options.runs, inputs.clear_out)
                results.append(bench.Result(one, *runs))
                print(results[-1].row(), flush=True)
    shutil.rmtree(inputs.out, ignore_errors=True)
    if options.write:
        (HERE / "results-transfer.md").write_text(report(results, options), encoding="utf-8")
    return 0 if results and all(result.ok() for result in results) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (RuntimeError, subprocess.CalledProcessError) as error:
        sys.exit(f"transfer_bench: {error}")
