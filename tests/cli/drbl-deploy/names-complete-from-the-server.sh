#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# labels: full
# timeout: 120
# TAB offers what a real server has: images, clients, groups, forwards. What was seen is kept, so that TAB goes on without
# the server; one that hangs costs a moment and no more. Names that could not be used are not offered.
# shellcheck disable=SC2153,SC2016
. "$LIB"
. "$ROOT/tests/tools/drbl/server.sh"
drbl_namespace "$@"
drbl_server >/dev/null
offers() { drbl-deploy __complete "$@" | tail -n +2 | cut -f1 | paste -sd' '; }
for name in win10-gold 'x@{[`touch PWNED`]}' btzone; do
    mkdir "server/home/partimag/$name"
    echo sda >"server/home/partimag/$name/disk"
done
mkdir -p server/etc/xenlab "$XDG_CONFIG_HOME/xenlab"
echo 'tcp 8080 192.168.100.1 80 - - web' >server/etc/xenlab/drbl-forwards
printf '[profile.room1]\ndisk = "sda"\n[profile.lab]\ndisk = "sda"\n' >"$XDG_CONFIG_HOME/xenlab/drbl-deploy.toml"
echo "== asked"
# A loaded machine may be slower than anybody would wait for TAB: then there is nothing, and the next TAB asks again.
wait_for 60 eval '[[ $(offers restore "") == *gold* ]]'
offers restore ''
offers images info w
wait_for 60 eval '[[ $(offers wake "") == *pc4* ]]'
offers wake pc
offers clients ls @
offers restore gold --hosts pc1,192.168.100.4
offers restore gold --group ''
wait_for 60 eval '[[ $(offers forward rm "") == web ]]'
offers restore gold --profile ''
echo "== kept"
{ stop_sshd "$SSHD_PID"; wait "$SSHD_PID"; } 2>/dev/null || true
touch -d '1 hour ago' "$XDG_RUNTIME_DIR"/xenlab/drbl-*
offers restore win
offers restore gold --hosts=pc
echo "== a server that hangs"
rm "$XDG_RUNTIME_DIR"/xenlab/drbl-*
mkfifo never
python3 -c 'import socket, sys
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("listening", flush=True)
while True: c = s.accept()' "$SSHD_PORT" >never &
hanging=$!
read -r <never
timeout 60 drbl-deploy __complete restore '' || echo "BAD: exit $?"
echo "== an ordinary run keeps them, too"
{ kill "$hanging"; wait "$hanging"; } 2>/dev/null || true
start_sshd drbl chroot "$PWD/server"
drbl-deploy images ls -q >/dev/null
drbl-deploy clients ls -q >/dev/null
{ stop_sshd "$SSHD_PID"; wait "$SSHD_PID"; } 2>/dev/null || true
offers images info g
offers wake pc1
[[ -z $(find server/home server/root server/tmp . -maxdepth 3 -name 'PWNED*') ]] || echo "BAD: executed"
