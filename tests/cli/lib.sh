# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What golden tests share. A test begins with: . "$LIB"
set -euo pipefail

# skip REASON: ends the test as skipped.
skip() {
    echo "$*" >&2
    exit 77
}

# requires PROGRAM...: skips the test, with the reason, unless all of them are installed.
requires() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || skip "needs $program, which is not installed"
    done
}

# status COMMAND...: runs it and prints "exit N" on standard output, whatever N is.
status() {
    local code=0
    "$@" || code=$?
    echo "exit $code"
}

# xva ARGUMENT...: the archive maker (tests/tools/make_xva.py --help).
xva() {
    python3 "$ROOT/tests/tools/make_xva.py" "$@"
}

# disk ARGUMENT...: the disk maker (tests/tools/make_disk.py --help).
disk() {
    python3 "$ROOT/tests/tools/make_disk.py" "$@"
}

# sample NAME: prints the recorded archive tests/data/xva/NAME.xva.zst, decompressed.
sample() {
    requires zstd
    zstd -dcq "$DATA/xva/$1.xva.zst"
}

# with_sshd NAME [LINE...]: starts a real sshd on loopback for this test, with further LINEs of sshd_config in front.
# In the folder NAME are host_key, user_key, authorized_keys, sshd_config, log and home (of the sessions, for a .bashrc).
# Afterwards $SSHD_PORT and $SSHD_PID are set, and ssh_config (ssh -F) has a host NAME that can be logged in to.
# with_sshd again with another NAME adds a host. A script that exits takes its servers with it.
with_sshd() {
    local name=$1 here
    shift
    requires sshd ssh-keygen python3
    [ "$(id -u)" != 0 ] || mkdir -p /run/sshd # where the unprivileged part of sshd lives
    mkdir -p "$name/home"
    here=$PWD/$name
    ssh-keygen -q -t ed25519 -N '' -f "$name/host_key"
    ssh-keygen -q -t ed25519 -N '' -f "$name/user_key"
    cp "$name/user_key.pub" "$name/authorized_keys"
    SSHD_PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    {
        [ $# = 0 ] || printf '%s\n' "$@"
        cat <<END
ListenAddress 127.0.0.1
Port $SSHD_PORT
HostKey "$here/host_key"
AuthorizedKeysFile "$here/authorized_keys"
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
PrintMotd no
PrintLastLog no
SetEnv "HOME=$here/home"
LogLevel VERBOSE
END
    } >"$name/sshd_config"
    start_sshd "$name"
    echo "[127.0.0.1]:$SSHD_PORT $(cut -d' ' -f1,2 "$name/host_key.pub")" >>known_hosts
    {
        cat <<END
Host $name
  HostName 127.0.0.1
  Port $SSHD_PORT
  User $(id -un)
  IdentityFile "$here/user_key"
  IdentityAgent none
  UserKnownHostsFile "$PWD/known_hosts"
  GlobalKnownHostsFile none
END
    } >>ssh_config
}

# start_sshd NAME [COMMAND...]: starts the server of with_sshd again, perhaps under COMMAND (ip netns exec NS).
start_sshd() {
    local name=$1 i
    shift
    : >"$name/log"
    "$@" "$(command -v sshd)" -D -e -f "$PWD/$name/sshd_config" 2>"$name/log" &
    SSHD_PID=$!
    SSHD_PIDS="${SSHD_PIDS:-} $SSHD_PID"
    trap 'stop_sshd $SSHD_PIDS' EXIT
    for ((i = 0; i < 200; i++)); do
        grep -q 'Server listening' "$name/log" && return
        sleep 0.02
    done
    cat "$name/log" >&2
    return 1
}

# stop_sshd PID...: ends servers and everything they started, as if the host had gone.
stop_sshd() {
    local pid
    for pid; do
        # shellcheck disable=SC2046  # numbers
        stop_sshd $(pgrep -P "$pid" || true)
        kill -9 "$pid" 2>/dev/null || true
    done
}

# with_xapi [ARGUMENT...]: starts the simulated pool for this test (tests/sim/README.md), 20 times faster than a real
# one, and makes it the pool of our tools, its certificate pinned. Sets $XAPI_URL and $XAPI_PID; the calls are in xapi.log.
# A second call replaces the first.
with_xapi() {
    [ -z "${XAPI_PID-}" ] || stop_xapi
    rm -f xapi.in xapi.ready
    mkfifo xapi.in
    python3 "$ROOT/tests/sim/xapi-sim" --time-scale 0.05 --random-seed 1 --log "$PWD/xapi.log" "$@" \
        <xapi.in >xapi.ready 2>xapi.err &
    XAPI_PID=$!
    exec 9>xapi.in
    local i
    for ((i = 0; i < 500; i++)); do
        [ -s xapi.ready ] && break
        kill -0 "$XAPI_PID" 2>/dev/null || { cat xapi.err >&2; return 1; }
        sleep 0.02
    done
    eval "$(python3 -c '
import json, shlex
ready = json.loads(open("xapi.ready").readline())
for name, value in [("XAPI_URL", ready["url"]), ("XENLAB_HOST", ready["url"].removeprefix("https://")),
                    ("XENLAB_PASSWORD_FILE", ready["password_file"]), ("XAPI_PIN", ready["pin"])]:
    print(f"export {name}={shlex.quote(value)}")
for host in ready["hosts"]:
    print("pin_xapi", host["address"] + ":" + str(host["port"]), ready["pin"])
')"
}

# pin_xapi HOST:PORT PIN: trusts that certificate, as an earlier run would have left it.
pin_xapi() {
    mkdir -p "$XDG_STATE_HOME/xenlab"
    echo "$1 $2" >>"$XDG_STATE_HOME/xenlab/pins"
}

# xapi_do WORDS...: a line for the running pool ("fault reset", "state", "dead vm001"); its answer is in xapi.ready.
xapi_do() {
    local before i
    before=$(wc -l <xapi.ready)
    echo "$*" >&9
    for ((i = 0; i < 250; i++)); do
        (($(wc -l <xapi.ready) == before)) || return 0
        sleep 0.02
    done
    return 1
}

# xapi_calls [--mutating] [METHOD]: the calls made so far, one method a line, without logins.
xapi_calls() {
    python3 -c '
import json, sys
mutating = "--mutating" in sys.argv
wanted = [word for word in sys.argv[1:] if word != "--mutating"]
for line in open("xapi.log"):
    call = json.loads(line)
    if call["method"].startswith("session.") or (mutating and not call["mutating"]):
        continue
    if not wanted or call["method"] in wanted:
        print(call["method"])' "$@"
}

stop_xapi() {
    exec 9>&-
    wait "$XAPI_PID" 2>/dev/null || true
    XAPI_PID=
}

# The tools that do their job when given one XVA archive and nothing else: what common tests feed.
archive_tools() {
    local tool
    for tool in $TOOLS; do
        [[ " xva-mbr xva-verify " != *" $tool "* ]] || echo "$tool"
    done
}

# helps TOOL: --help of the tool and of each of its verbs.
helps() {
    local verb
    "$1" --help
    { "$1" --generate verbs 2>/dev/null || true; } | while read -ra verb; do "$1" "${verb[@]}" --help; done
}

# examples_of TOOL: the command lines of --help, which are those of the man page.
examples_of() {
    helps "$1" | sed -n '/^Examples:/,/^$/s/^  \([^ ].*\)/\1/p'
}

# run_examples TOOL [PATTERN]: runs them here, where the files they name must be. Each must succeed,
# unless it matches PATTERN, and print something or redirect.
run_examples() {
    local line
    examples_of "$1" >examples
    (($(wc -l <examples) >= 3)) || echo "BAD: few examples: $1"
    while read -r line; do
        # The page is generated from the same list: the examples stand there, too.
        grep -qF -- "$(sed 's/\\/\\e/g; s/-/\\-/g' <<<"$line")" "$ROOT/man/$1.1" || echo "BAD: not in the page: $line"
        bash -c "$line" >out 2>err </dev/null || [[ -n ${2-} && $line =~ $2 ]] || echo "BAD: exit $?: $line"
        [[ -s out || $line == *">"* ]] || echo "BAD: no output: $line"
        ! grep -q "error:" err || cat err
    done <examples
}
