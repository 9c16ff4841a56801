#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# put and get of files, streams and trees: content, mode and time, into folders, resumed; nothing half done under
# the final name.
. "$LIB"
. "$ROOT/tests/tools/serial_line.sh"
line --rate 0
put() { serial-cli -t "$T" put "$@"; }
get() { serial-cli -t "$T" get "$@"; }
mkdir g
head -c 1500000 /dev/urandom >a
chmod 751 a
touch -d '2020-02-03 04:05:06.789' a
put a "$PWD/g/"
get "$PWD/g/a" b
for f in g/a b; do
    cmp a $f
    [[ $(stat -c '%a %y' a) == "$(stat -c '%a %y' $f)" ]] || echo "BAD: mode or time of $f"
done
put --mode 600 --no-preserve - "$PWD/g/stream" <a
get "$PWD/g/stream" - | cmp - a
stat -c %a g/stream
: >empty
put empty "$PWD/g/empty"
get "$PWD/g/empty" empty2
cmp empty empty2
get /proc/version - | cmp - /proc/version

mkdir -p tree/sub/deep tree/none
echo 1 >tree/one
printf 'x' >"tree/sub/name with \"quotes' and"$'\xff'
ln -s one tree/link
ln -s /nowhere tree/sub/dangling
put -r tree "$PWD/g/tree"
get -r "$PWD/g/tree" back
diff -r --no-dereference tree g/tree && diff -r --no-dereference tree back

echo "resume takes what fits and nothing else:"
head -c 700000 a >g/r.part
put -v --resume a "$PWD/g/r" 2>&1 | grep -o 'resumed at [0-9]*'
cmp a g/r
head -c 700000 /dev/urandom >s.part
get -v --resume "$PWD/g/a" s 2>&1 | grep -o 'resumed at [0-9]*'
cmp a s
head -c 700000 a >s.part
rm s
get -v --resume "$PWD/g/a" s 2>&1 | grep -o 'resumed at [0-9]*'
cmp a s

status get "$PWD/g/nosuch" x 2>&1 | sed "s,$PWD,DIR,"
status put a /no/such/folder/x 2>&1
status put nosuch /tmp/x 2>&1
status get "$PWD/g" x 2>&1 | sed "s,$PWD,DIR,"
status put a /dev/full/x 2>&1
mkfifo g/pipe
status put a "$PWD/g/pipe" 2>&1 | sed "s,$PWD,DIR,"
[[ -p g/pipe ]] || echo "BAD: the pipe was replaced"
ls -- *.part g/*.part 2>/dev/null || :
