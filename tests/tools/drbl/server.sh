# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A DRBL server made of Debian's own packages, for tests: in namespaces of its own, gone with the test.
#
#   drbl_namespace "$@"    the script runs again in new mount, network, process and name namespaces
#   drbl_server            makes the server's root in ./server and its network, starts its sshd; there is an image "gold"
#   on_server COMMAND...   runs something there, as root
#
# The packages are unpacked by ./dev setup --full into build/drbl-packages (tests/tools/drbl/packages.txt); nothing
# of them is installed. The server's /usr is a farm of links: to theirs first, then to this system's.

drbl_packages=${XENLAB_DRBL_PACKAGES:-$ROOT/build/drbl-packages}

drbl_namespace() { # "$@"
    ((EUID == 0)) || skip "needs root, for namespaces"
    [[ -x $drbl_packages/usr/sbin/drbl-ocs ]] || skip "needs DRBL's packages in build/drbl-packages: ./dev setup --full"
    requires unshare ip iptables sshd ssh-keygen ifconfig
    [[ -n ${DRBL_NAMESPACE-} ]] && return
    unshare -m -n -p -u --fork true 2>/dev/null || skip "may not make namespaces here"
    DRBL_NAMESPACE=1 exec unshare -m -n -p -u --fork --kill-child --mount-proc --propagation private bash "$0" "$@"
}

link_farm() { # ROOT FOLDER of /usr
    local root=$1 folder=$2
    mkdir -p "$root/usr/$folder"
    (cd "/usr/$folder" && printf "/host/$folder/%s\0" *) | xargs -0 ln -st "$root/usr/$folder"
    [[ ! -d $drbl_packages/usr/$folder ]] && return
    (cd "$drbl_packages/usr/$folder" && printf "/packages/usr/$folder/%s\0" *) | xargs -0 ln -sfnt "$root/usr/$folder"
}

drbl_files() { # ROOT: what lies on the server's disk
    local root=$1
    mkdir -p "$root"/{host,packages,proc,sys,dev,run,tmp,root,home/partimag,etc/drbl,etc/default,etc/dhcp,etc/ssh} \
        "$root"/usr/local/{bin,sbin} "$root"/var/{lib,log/clonezilla,tmp,mail} "$root"/tftpboot/{node_root,nbi_img/pxelinux.cfg,nbi_img/grub}
    chmod 1777 "$root/tmp"
    ln -s ../run/lock "$root/var/lock"
    ln -s ../run "$root/var/run"
    ln -s usr/bin usr/sbin usr/lib usr/lib64 "$root"
    link_farm "$root" bin
    link_farm "$root" sbin
    link_farm "$root" share
    ln -s /host/lib /host/lib64 /host/libexec "$root/usr"
    cp -a "$drbl_packages/etc/." "$root/etc/"
    cp -a /etc/{alternatives,debian_version,ld.so.cache,ld.so.conf,ld.so.conf.d,services,protocols,group,shadow,nsswitch.conf,os-release} "$root/etc/"
    [[ ! -d /etc/perl ]] || cp -a /etc/perl "$root/etc/"
    printf 'root:x:0:0:root:/root:/bin/bash\nsshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n' >"$root/etc/passwd"
    printf 'root:*:19000:0:99999:7:::\n' >"$root/etc/shadow"
    echo '127.0.0.1 localhost drbl' >"$root/etc/hosts"
}

drbl_config() { # ROOT: four clients and two groups
    local root=$1 n
    echo 'INTERFACES="eth1"' >"$root/etc/default/isc-dhcp-server"
    {
        echo 'subnet 192.168.100.0 netmask 255.255.255.0 {'
        for n in 1 2 3 4; do
            printf '    host pc%d {\n        hardware ethernet 52:54:00:00:00:0%d;\n        fixed-address 192.168.100.%d;\n    }\n' $n $n $n
            mkdir -p "$root/tftpboot/nodes/192.168.100.$n/etc"
        done
        echo '}'
    } >"$root/etc/dhcp/dhcpd.conf"
    echo '192.168.100.2' >"$root/etc/drbl/IP-grp-room1"
    echo '52:54:00:00:00:03' >>"$root/etc/drbl/MAC-grp-room2"
    printf 'drbl_mode="none"\nclonezilla_mode="full_clonezilla_mode"\n' >"$root/etc/drbl/drbl_deploy.conf"
}

drbl_mounts() { # ROOT: what a running machine has besides
    local root=$1
    mount -o bind,ro /usr "$root/host"
    mount -o bind "$drbl_packages" "$root/packages"
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/run"
    mkdir -p "$root"/run/{sshd,lock}
    mount --rbind /sys "$root/sys"
    mount --rbind /dev "$root/dev"
}

drbl_network() {
    hostname drbl
    ip link set lo up
    # eth0 faces the outside, eth1 the clients; the other ends stand for whoever is there.
    ip link add eth0 type veth peer name outside
    ip link add eth1 type veth peer name inside
    ip addr add 203.0.113.1/24 dev eth0
    ip addr add 192.168.100.254/24 dev eth1
    ip link set eth0 up
    ip link set eth1 up
    ip link set outside up
    ip link set inside up
}

# A root that has been set up, with an image "gold", made by the first test that needs it: each test has an overlay of its own.
drbl_prepared() { # prints the folder
    local folder lock stamp
    stamp=$(cat "$ROOT/tests/tools/drbl/server.sh" "$drbl_packages/packages.txt" /etc/debian_version /var/lib/dpkg/status | cksum | tr ' ' -)
    folder=$(dirname "$BIN")/drbl-server
    mkdir -p "$folder"
    exec {lock}>"$folder/lock"
    flock "$lock"
    if [[ ! -d $folder/$stamp ]]; then
        rm -rf "${folder:?}"/[0-9]*
        drbl_files "$folder/0-unfinished"
        drbl_config "$folder/0-unfinished"
        mkdir view
        mount --bind "$folder/0-unfinished" view
        drbl_mounts "$PWD/view"
        chroot view /usr/bin/env -i "${drbl_environment[@]}" sh -c 'generate-pxe-menu; gen-grub-efi-nb-menu' >/dev/null 2>&1
        umount -R view
        make_image "$folder/0-unfinished/home/partimag/gold"
        mv "$folder/0-unfinished" "$folder/$stamp"
    fi
    exec {lock}>&-
    echo "$folder/$stamp"
}

drbl_environment=(PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/share/drbl/sbin:/usr/share/drbl/bin HOME=/root LC_ALL=C)

on_server() { # COMMAND...
    chroot "$PWD/server" /usr/bin/env -i "${drbl_environment[@]}" "$@"
}

# Starts the server: root, network, boot menus, sshd. Afterwards "drbl-deploy VERB" needs no --server.
drbl_server() {
    local prepared
    drbl_network
    prepared=$(drbl_prepared)
    mkdir server changes
    mount -t tmpfs -o size=64g tmpfs changes # an overlay does not take a part of another overlay for its changes
    mkdir changes/{upper,work}
    ln -s "$prepared" prepared # a folder whose name has commas or colons could not be said otherwise
    mount -t overlay -o lowerdir=prepared,upperdir=changes/upper,workdir=changes/work overlay server 2>/dev/null ||
        cp -a "$prepared/." server
    touch server/home/partimag/gold/* # it was saved just now
    drbl_mounts "$PWD/server"
    with_sshd drbl
    mkdir -p "$PWD/server$PWD/drbl"
    mount --bind "$PWD/drbl" "$PWD/server$PWD/drbl"
    restart_sshd
    export XENLAB_DRBL_SERVER=drbl
    mkdir -p "$HOME/.ssh"
    cp ssh_config "$HOME/.ssh/config"
    chmod 600 "$HOME/.ssh/config"
}

# drbl_client: client 1 as it has booted, with a root and a network of its own; "on_client COMMAND..." runs there. Its /dev has
# no disks yet. As a client without a disk it shares the server's programs and has the images mounted.
drbl_client() {
    local root=$PWD/client device
    guest pc1 # sets guest_pc1
    # shellcheck disable=SC2154
    ip link set inside netns "$guest_pc1"
    nsenter -t "$guest_pc1" -n sh -c 'ip link set inside name eth0 address 52:54:00:00:00:01 && ip addr add 192.168.100.1/24 dev eth0
        ip link set lo up; ip link set eth0 up'
    mkdir "$root" changes/{client,client-work}
    mount -t overlay -o lowerdir=prepared,upperdir=changes/client,workdir=changes/client-work overlay client 2>/dev/null ||
        cp -a prepared/. client
    drbl_mounts "$root"
    mount -t tmpfs tmpfs "$root/dev"
    for device in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 "$root/dev/${device%:*}" c 1 "${device#*:}"; done
    mknod -m 666 "$root/dev/tty" c 5 0
    ln -s /proc/self/fd "$root/dev/fd"
    mount --bind server/home/partimag "$root/home/partimag"
    # What a booted client's kernel was told; no wait before its report, and nothing here that could reboot.
    echo 'ocs_server=192.168.100.254' >cmdline
    mount --bind cmdline "$root/proc/cmdline"
    echo 'NOTIFY_OCS_SERVER_TIME_LIMIT=1' >>"$root/etc/drbl/drbl-ocs.conf"
    printf '#!/bin/sh\necho rebooted >>/tmp/rebooted\n' >changes/reboot
    chmod +x changes/reboot
    rm -f "$root/usr/sbin/reboot"
    cp changes/reboot "$root/usr/sbin/reboot"
}

on_client() { # COMMAND...
    # ocs-sr unmounts what it finds: in a view of its own.
    nsenter -t "$guest_pc1" -n unshare -m --propagation private chroot "$PWD/client" /usr/bin/env -i TERM=linux "${drbl_environment[@]}" "$@" </dev/null
}

restart_sshd() {
    { stop_sshd "$SSHD_PID"; wait "$SSHD_PID"; } 2>/dev/null || true
    start_sshd drbl chroot "$PWD/server"
}

# make_image FOLDER: an image of one ext4 partition sda1, its data made by the real partclone.
make_image() {
    local folder=$1
    requires mke2fs gzip
    mkdir -p "$folder"
    head -c 3000000 /dev/urandom >random
    truncate -s 32M fs.img
    mke2fs -q -t ext4 -F fs.img
    debugfs -w -R "write random random" fs.img >/dev/null 2>&1
    "$drbl_packages/usr/sbin/partclone.ext4" -c -s fs.img -o - 2>/dev/null | gzip -c >"$folder/sda1.ext4-ptcl-img.gz.aa"
    rm random fs.img
    echo sda >"$folder/disk"
    echo sda1 >"$folder/parts"
    printf '# <Device name>   <File system>   <Size>\n/dev/sda1 ext4 32M\n' >"$folder/dev-fs.list"
    printf 'Model: test\nDisk /dev/sda: 131072s\nSector size (logical/physical): 512B/512B\nPartition Table: msdos\n\nNumber  Start  End     Size    Type     File system  Flags\n 1      2048s  67583s  65536s  primary  ext4\n\n' >"$folder/sda-pt.parted"
    printf 'label: dos\ndevice: /dev/sda\nunit: sectors\n\n/dev/sda1 : start=2048, size=65536, type=83\n' >"$folder/sda-pt.sf"
    head -c 512 /dev/zero >"$folder/sda-mbr"
    printf 'This image was saved by Clonezilla at 2026-11-25 21:58:40 UTC.\n### End of log ###\n### Image created time: 2026-1125-2158\n' >"$folder/clonezilla-img"
    (cd "$folder" && md5sum sda1.* parts disk >MD5SUMS)
}

# client_done N [MESSAGE]: client N reports as a real one does.
client_done() {
    on_server ocs-socket -m "192.168.100.$1 52:54:00:00:00:0$1 x 1 y ${2:-Restored gold, /dev/sda1, success}" -h 127.0.0.1 -p 6461 >/dev/null
}
