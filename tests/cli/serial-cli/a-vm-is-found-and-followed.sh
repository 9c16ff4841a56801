#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2094 # what is quoted is for the guest
# timeout: 120
# tools: xvm
# vm:NAME on a simulated pool whose two hosts are real sshds: the terminal that xenstore names, after a reboot the one of
# the new domain, after a migration that of the other host; a TCP server where one is set; words for what does not work.
. "$LIB"
requires jq flock
. "$ROOT/tests/tools/serial_line.sh"
with_sshd h1
with_sshd h2
sed -i 's/^Host h1$/& 127.0.0.1/; s/^Host h2$/& 127.0.0.2/' ssh_config
with_xapi --hosts 2 --vms 2 --running 1
trap '{ end_lines; stop_sshd $SSHD_PIDS; } 2>/dev/null' EXIT
. "$ROOT/tests/cli/sim.sh"
T=vm:vm001
LINES_TARGETS+=("$T")
cli() { serial-cli -t "$T" --ssh-config ssh_config "$@"; }
hosts=$(jq -r '.hosts[].name' xapi.ready)
host_now() { xvm ls vm001 --format tsv --fields host; }
place() { # LINE: gives the domain's serial port of the VM, where it is now, this terminal
    local host domid uuid folder
    host=$(host_now)
    domid=$(xapi_py <<<'print(call("VM.get_domid", one("VM", "vm001")))')
    uuid=$(xvm ls vm001 --format tsv --fields uuid)
    folder=h$(($(grep -nx "$host" <<<"$hosts" | cut -d: -f1)))
    xenstore "$folder" "/local/domain/$domid/vm" "/vm/$uuid"
    xenstore "$folder" "/local/domain/$domid/serial/0/tty" "$(readlink "$1")"
    echo "$folder $domid" >where
}
guest() { # NAME: a guest with an agent; its terminal on the host is host-NAME
    XENLAB_GUEST=$1 python3 "$ROOT/tests/tools/serial_line.py" --guest "guest-$1" --pty "host-$1" --rate 0 \
        -- serial-agent --port '{}' &
    guest_pid=$!
    LINES_PIDS+=("$guest_pid")
    for _ in $(seq 200); do [[ -e host-$1 ]] && break; sleep 0.05; done
}
guest a
place host-a
cli run -- 'echo "in $XENLAB_GUEST"; exit 7' </dev/null || echo "exit $?"
head -c 300000 /dev/urandom >file
cli put file "$PWD/there" && cmp file there
cli get "$PWD/there" - | cmp - file
read -r folder domid <where
stty -F host-a -a | grep -o -w -- '-echo\|-icanon' | sort -u | tr '\n' ' '
echo
flock -n host-a true && echo 'BAD: the terminal is not locked'

echo "after a reboot:"
kill $guest_pid
guest b
xapi_py <<<'call("VM.hard_reboot", one("VM", "vm001"))'
place host-b
cli --attach-timeout 40s run -n -- 'echo "in $XENLAB_GUEST"'

echo "after a migration:"
other=$(grep -vx "$(host_now)" <<<"$hosts")
guest c
xapi_py <<<'call("VM.pool_migrate", one("VM", "vm001"), one("host", "'"$other"'"), {})'
place host-c
cli --attach-timeout 40s run -n -- 'echo "in $XENLAB_GUEST"'
cli log --events | grep -c "host-c\|$(readlink host-c)" >/dev/null || echo "BAD: not in the log"
cli broker --stop

echo "a port that is set:"
line_with --rate 0 -- serial-agent --port '{}'
port=${T##*:}
T=vm:vm001
xvm serial set vm001 "tcp:127.0.0.1:$port,server" -s >/dev/null
cli ping --format tsv >/dev/null && cli broker --status --format tsv | grep -c '^session.[0-9]'
cli log --events | tail -1 >/dev/null
cli log --events | sed -n "s/.*-- connected to 127.0.0.1:$port of domain.*/through SSH/p"
cli broker --stop

echo "what does not work:"
xvm serial set vm001 tcp:127.0.0.1:1,server -s >/dev/null
rm host-c
xenstore "$(cut -d' ' -f1 where)" "/local/domain/$(cut -d' ' -f2 where)/serial/0/tty"
status cli ping 2>&1 | sed "s/$other/HOST/"
xvm serial set vm001 none -s >/dev/null
status cli ping 2>&1
xvm serial unset vm001 -s >/dev/null
status cli ping 2>&1 | sed "s/$other/HOST/"
status serial-cli -t vm:nosuch ping 2>&1
status serial-cli -t vm:vm002 ping 2>&1
for t in vm:vm001 vm:nosuch vm:vm002; do serial-cli -t $t broker --stop; done
