#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2094 # what is quoted is for the guest
# labels: full
# timeout: 120
# A login prompt on a line that loses and damages characters in both directions and whose kernel talks in between: what
# is typed and lost is typed again, a command is run once, a file that goes through the shell is identical. A client that
# is killed leaves a shell that the next one finds.
. "$LIB"
requires base64 sha256sum
. "$ROOT/tests/tools/serial_line.sh"
echo sesame >good
guest() { line_with --rate 0 "$@" -- python3 "$ROOT/tests/tools/fake_login.py" '{}' sesame; }
cli() { serial-cli -t "$T" "$@" --through shell -u root --login-file good; }
# The first 3000 bytes are good, so that the login is quick.
guest --drop 5 --corrupt 3 --burst 1 --span 9000
long=$(printf 'x%.0s' $(seq 2500))
for i in 1 2; do
    status serial-cli -t "$T" run --through shell -u root --login-file good -- "echo x >>$PWD/ran; : $long; exit $i"
done
wc -l <ran
echo "a file is identical:"
guest --drop 6 --corrupt 4 --noise 3 --span 13000
head -c 9000 /dev/urandom >file
chmod 751 file
mkdir there
cli put file "$PWD/there/"
cmp file there/file
stat -c %a there/file
cli get "$PWD/there/file" back
cmp file back
cli get "$PWD/there/file" - | cmp - file
status cli get "$PWD/none" x 2>&1 | sed "s,$PWD,DIR,"
status cli put file "$PWD/no/" 2>&1 | sed "s,$PWD,DIR,"
status cli put -r there /tmp/x 2>&1
ls there
echo "after a kill:"
{
    serial-cli -t "$T" run --through shell -u root --login-file good -- "echo >$PWD/begun; sleep 60" &
    client=$!
    wait_for 30 test -e begun
    kill -9 $client
    wait $client || :
} 2>/dev/null
serial-cli -t "$T" run --through shell -u root --login-file good -- echo found
