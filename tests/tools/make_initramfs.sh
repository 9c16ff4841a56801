#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# make_initramfs.sh AGENT OUT: a guest of busybox and the agent. ttyS0 is console and agent's port at once, ttyS1 the
# agent's alone, ttyS2 has a getty; root's password is "sesame".
set -euo pipefail
agent=$1 out=$2 root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,sbin,etc,proc,sys,dev,tmp,root,usr/local/sbin,var/run}
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in $("$root/bin/busybox" --list); do ln -s busybox "$root/bin/$applet" 2>/dev/null || :; done
cp "$agent" "$root/bin/serial-agent"
echo "root:$(openssl passwd -1 -salt xx sesame):0:0:root:/root:/bin/sh" >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
cat >"$root/etc/inittab" <<'END'
::sysinit:/bin/setup
::respawn:/bin/serial-agent --port /dev/ttyS0
::respawn:/bin/serial-agent --port /dev/ttyS1
ttyS2::respawn:/bin/getty 115200 ttyS2 vt100
END
cat >"$root/bin/setup" <<'END'
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /small
mount -t devpts pts /dev/pts
mount -t tmpfs -o size=512k small /small
hostname guest
END
chmod 755 "$root/bin/setup"
ln -s bin/busybox "$root/init"
(cd "$root" && find . -print0 | cpio --null -o -H newc --quiet) | gzip -1 >"$out"
