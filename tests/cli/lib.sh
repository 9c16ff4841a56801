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
# In the folder NAME are host_key, user_key, authorized_keys, sshd_config, log, home (of the sessions, for a .bashrc)
# and bin (first in their PATH).
# Afterwards $SSHD_PORT and $SSHD_PID are set, and ssh_config (ssh -F) has a host NAME that can be logged in to.
# with_sshd again with another NAME adds a host. A script that exits takes its servers with it.
with_sshd() {
    local name=$1 here
    shift
    requires sshd ssh-keygen python3
    [ "$(id -u)" != 0 ] || mkdir -p /run/sshd # where the unprivileged part of sshd lives
    mkdir -p "$name/home" "$name/bin"
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
SetEnv "HOME=$here/home" "PATH=$here/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
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
        { kill -9 "$pid"; wait "$pid"; } 2>/dev/null || true # wait: else bash tells of it later
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
# unless it matches PATTERN, and print something or redirect. before_example LINE, where a test has it, comes first.
run_examples() {
    local line
    examples_of "$1" >examples
    (($(wc -l <examples) >= 3)) || echo "BAD: few examples: $1"
    while read -r line; do
        # The page is generated from the same list: the examples stand there, too.
        grep -qF -- "$(sed 's/\\/\\e/g; s/-/\\-/g' <<<"$line")" "$ROOT/man/$1.1" || echo "BAD: not in the page: $line"
        ! declare -F before_example >/dev/null || before_example "$line"
        bash -c "$line" >out 2>err </dev/null || [[ -n ${2-} && $line =~ $2 ]] || echo "BAD: exit $?: $line"
        [[ -s out || $line == *">"* ]] || echo "BAD: no output: $line"
        ! grep -q "error:" err || cat err
    done <examples
}

# own_network: goes on in network and process namespaces of the test's own, where interfaces may have any name and
# nothing outlives the test. Call it first.
own_network() {
    [ -z "${XENLAB_TEST_NETWORK:-}" ] || return 0
    [ "$(id -u)" = 0 ] || skip "needs root, for network namespaces"
    requires unshare nsenter ip
    unshare -n -m --propagation private mount -t sysfs sysfs /sys 2>/dev/null ||
        skip "needs network namespaces, which are not allowed here"
    # shellcheck disable=SC2016  # expanded by the inner shell
    XENLAB_TEST_NETWORK=1 exec unshare -n -m -p --fork --kill-child --mount-proc --propagation private \
        bash -c 'mount -t sysfs sysfs /sys && ip link set lo up && exec "$0"' "$0"
}

# guest NAME: a network namespace that stands for a VM; NICs reach it with nic.
guest() {
    unshare -n sleep 1000 &
    printf -v "guest_$1" %s $!
    until [ "$(readlink "/proc/$!/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
}

# nic GUEST IF NET: the host end IF of a NIC, down, as the toolstack makes it; 10.NET.0.1 here, 10.NET.0.2 in the guest.
nic() {
    local pid=guest_$1
    ip link add "$2" type veth peer name "p$3" netns "${!pid}"
    ip addr add "10.$3.0.1/24" dev "$2"
    nsenter -t "${!pid}" -n sh -c "ip addr add 10.$3.0.2/24 dev p$3; ip link set p$3 address 00:16:3e:00:00:$3; ip link set p$3 up"
}

# up IF NET: what the hotplug script does; the guest is known, so that no ARP is among the packets.
up() {
    ip link set "$1" up
    ip neigh replace "10.$2.0.2" lladdr "00:16:3e:00:00:$2" dev "$1"
    sysctl -qw "net.ipv6.conf.${1//.//}.disable_ipv6=1"
}

# datagrams NET COUNT: UDP packets of one byte to the guest, port 9.
datagrams() {
    python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(int(sys.argv[2])): s.sendto(b"x", (f"10.{sys.argv[1]}.0.2", 9))' "$1" "$2"
}

# xenstore NAME PATH [VALUE]: gives the host of with_sshd a xenstore, as far as xenstore-read goes; no VALUE removes PATH.
xenstore() {
    local tree=$PWD/$1/xenstore
    # shellcheck disable=SC2016  # expanded by that script
    printf '#!/bin/sh\nexec cat "%s/$1" 2>/dev/null\n' "$tree" >"$1/bin/xenstore-read"
    chmod +x "$1/bin/xenstore-read"
    if [ $# = 3 ]; then
        mkdir -p "$tree/$(dirname "$2")"
        printf %s "$3" >"$tree/$2"
    else
        rm -rf "${tree:?}/$2"
    fi
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || { echo "never: $*" >&2; return 1; }
        sleep 0.05
    done
}

# xapi_call METHOD ARGUMENT...: any call of the running pool; an argument "vm NAME" or "host NAME" is its reference, true and
# false are booleans, {} is an empty map. Prints the answer.
xapi_call() {
    python3 - "$XAPI_URL" "$XENLAB_PASSWORD_FILE" "$@" <<'END'
import ssl, sys, xmlrpc.client
url, password, method, *words = sys.argv[1:]
server = xmlrpc.client.ServerProxy(url, context=ssl._create_unverified_context())
def call(name, *arguments):
    answer = server.__getattr__(name)(*arguments)
    if answer["Status"] != "Success":
        sys.exit(f"{name}: {answer['ErrorDescription']}")
    return answer["Value"]
session = call("session.login_with_password", "root", open(password).read().strip(), "1.0", "test")
def value(word):
    kind, _, name = word.partition(" ")
    if kind in ("vm", "host"):
        return call(f"{kind.upper() if kind == 'vm' else kind}.get_by_name_label", session, name)[0]
    return {"true": True, "false": False, "{}": {}}.get(word, word)
print(call(method, session, *map(value, words)))
END
}

# with_nic: what most tests of captures need: sshd h1, and on it vif7.0, behind which a guest is 10.7.0.2.
with_nic() {
    requires tcpdump tshark jq
    with_sshd h1
    guest a
    nic a vif7.0 7
    up vif7.0 7
}

# capture ARGUMENT...: vifcap in the background on h1, its words in the file err; returns when the first interface is
# captured. It is $CAPTURE.
capture() {
    : >err
    vifcap -v --ssh-config ssh_config --ssh-host h1 "$@" 2>err &
    CAPTURE=$!
    wait_for 30 grep -qs 'is captured' err
}

# end_capture: tells it to end; prints its exit status as "exit N" unless it is 0.
end_capture() {
    local code=0
    kill "$CAPTURE"
    wait "$CAPTURE" || code=$?
    [ "$code" = 0 ] || echo "exit $code"
}
