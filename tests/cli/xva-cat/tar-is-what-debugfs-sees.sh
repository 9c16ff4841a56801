#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The tree as tar, unpacked by tar, against e2fsprogs' own reader.
. "$LIB"
requires debugfs tar
head -c 3000000 /dev/urandom >data
mkdir -p tree/sub 'tree/a b'
cp data tree/sub/random
ln -s sub/random tree/link
printf 'x%.0s' {1..150} >tree/long-name
mkdir -p "tree/$(printf 'n%.0s' {1..120})/deep"
echo deep >"tree/$(printf 'n%.0s' {1..120})/deep/file"
chmod 4755 tree/sub/random
truncate -s 40M disk.raw
mke2fs -q -t ext4 -d tree disk.raw
mkdir ours theirs
xva-cat disk.raw --tar / | tar -x -C ours --exclude lost+found
debugfs -R 'rdump / theirs' disk.raw 2>/dev/null
rmdir theirs/lost+found
diff -r ours theirs
cmp ours/sub/random data
stat -c '%a %n' ours/sub/random
readlink ours/link
