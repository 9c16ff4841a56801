#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Links, set-uid bits, devices and names of a hostile guest stay where they are.
. "$LIB"
requires mke2fs debugfs
mkdir -p tree/dir
ln -s / tree/abs
ln -s ../../etc tree/up
ln -s ../ok tree/dir/fine
echo x >tree/ok
chmod 6777 tree/ok
truncate -s 8M disk.raw
mke2fs -q -t ext4 -d tree disk.raw
debugfs -w -R 'mknod null c 1 3' disk.raw >/dev/null 2>&1
debugfs -w -R 'mknod pipe p' disk.raw >/dev/null 2>&1
umask 022
status xva-cat disk.raw -x out '/*'
(cd out && find . | sort)
stat -c %a out/ok
# A folder that is a link already is not followed.
mkdir trap2 elsewhere
ln -s ../elsewhere trap2/dir
status xva-cat disk.raw -x trap2 /dir
ls elsewhere
# What is there is not overwritten.
echo mine >out/ok
status xva-cat disk.raw -x out /ok
cat out/ok
