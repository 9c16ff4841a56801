#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016 # what is quoted is for the guest
# labels: full
# timeout: 180
# agent install where systemd is the init: a unit, its getty masked, a secret that only root can read. The guest is a
# folder with busybox, in namespaces of its own; its systemctl starts what the unit says.
. "$LIB"
requires busybox unshare base64
unshare -rmpf --kill-child true 2>/dev/null || skip "needs user namespaces"
. "$ROOT/tests/tools/serial_line.sh"
mkdir -p root/{bin,etc/systemd/system,proc,dev,tmp,run/systemd/system,usr/local/sbin}
cp "$(command -v busybox)" root/bin/busybox
for applet in $(busybox --list); do [[ -e root/bin/$applet ]] || ln -s busybox "root/bin/$applet"; done
cat >root/bin/systemctl <<'END_OF_SCRIPT'
#!/bin/sh
echo "$*" >>/systemctl.log
[ "$1" != restart ] || exec setsid $(sed -n s/^ExecStart=//p /etc/systemd/system/serial-agent.service)
END_OF_SCRIPT
chmod +x root/bin/systemctl
cat >start <<'END_OF_SCRIPT'
tty=$(readlink -f "$1")
mount -t proc proc root/proc && mount --rbind /dev root/dev || exit 1
chroot root setsid sh -c 'exec sh -i <"$1" >"$1" 2>&1' sh "$tty"
sleep 1000
END_OF_SCRIPT
line_with --rate 0 -- unshare -rmpf --kill-child sh start '{}'
head -c 24 /dev/urandom | base64 >secret
cp "$(command -v serial-agent)" agent
strip agent 2>/dev/null || :
serial-cli -t "$T" --secret-file secret agent install --file agent |
    sed 's/serial-agent [0-9.]*/VERSION/; s,/dev/pts/[0-9]*,TERMINAL,'
serial-cli -t "$T" --secret-file secret --attach-timeout 30s run -n -- 'stat -c %a /etc/serial-agent.secret; ls /etc'
sed 's,pts-[0-9]*,PTS,; s,getty@[0-9]*,getty@N,' root/systemctl.log
sed 's,/dev/pts/[0-9]*,TERMINAL,' root/etc/systemd/system/serial-agent.service
cmp agent root/usr/local/sbin/serial-agent
