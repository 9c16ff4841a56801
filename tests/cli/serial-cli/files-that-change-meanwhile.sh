#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 90
# Files that grow, shrink or vanish while they are copied: what arrives is what the checksum is of, and one is told.
. "$LIB"
. "$ROOT/tests/tools/serial_line.sh"
line --rate 400000
cli() { serial-cli -t "$T" "$@"; }
fresh() { head -c 800000 /dev/urandom >file; cp file before; }
during() { # PART COMMAND...: runs the command as soon as the copy has begun
    wait_for 30 test -s "$1"
    "${@:2}"
}
say() { sed "s,$PWD,DIR,g"; }
grow() { echo more >>file; }
mkdir g
fresh
during got.part grow &
change=$!
status cli get "$PWD/file" got 2>&1 | say
wait $change
cmp got before # what it grew by is not taken
fresh
during g/file.part grow &
change=$!
status cli put file "$PWD/g/" 2>&1
wait $change
cmp g/file file
fresh
during got2.part truncate -s 790000 file &
change=$!
status cli get "$PWD/file" got2 2>&1 | say
wait $change
cmp <(head -c "$(stat -c %s got2)" before) got2
fresh
during got3.part rm file &
change=$!
status cli get "$PWD/file" got3 2>&1 | say
wait $change
cmp got3 before
mkdir tree
cp before tree/a
echo b >tree/b
during g/tree/a.part rm tree/b &
change=$!
status cli put -r tree "$PWD/g/tree" 2>&1
wait $change
echo b >tree/b
during back/a.part rm tree/b &
change=$!
status cli get -r "$PWD/tree" back 2>&1
wait $change
ls g/tree back
cmp back/a before
