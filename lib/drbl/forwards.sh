# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Forwards of a DRBL server (drbl-deploy forward): add PERSIST FORWARDING LINE | rm NAME | save LINE... | replay
# A line is "PROTOCOL LISTEN CLIENT PORT INTERFACE|- masquerade|- NAME", checked before it comes here.
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
umask 022
file=/etc/xenlab/drbl-forwards
exec 8>>/run/lock/xenlab-drbl-forwards.lock
flock -w 30 8 || exit 75

once() { # CHAIN RULE...: a rule that is there already is not added again
    iptables -w 10 -t nat -C "$@" 2>/dev/null || iptables -w 10 -t nat -A "$@"
}
apply() { # PROTOCOL LISTEN CLIENT PORT INTERFACE MASQUERADE NAME
    if [ "$5" = - ]; then
        once PREROUTING -p "$1" --dport "$2" -m comment --comment "xenlab:$7" -j DNAT --to-destination "$3:$4"
    else
        once PREROUTING -i "$5" -p "$1" --dport "$2" -m comment --comment "xenlab:$7" -j DNAT --to-destination "$3:$4"
    fi
    [ "$6" = - ] || once POSTROUTING -d "$3" -p "$1" --dport "$4" -m comment --comment "xenlab:$7" -j MASQUERADE
}
drop() { # NAME
    for chain in PREROUTING POSTROUTING; do
        while number=$(iptables -w 10 -t nat -L "$chain" -n --line-numbers | awk -v tag="/* xenlab:$1 */" 'index($0, tag) { n = $1 } END { print n }') && [ -n "$number" ]; do
            iptables -w 10 -t nat -D "$chain" "$number"
        done
    done
}
without() { # NAME: the saved lines but this one's
    [ ! -f "$file" ] || awk -v name="$1" '$NF != name' "$file"
}
write() { # standard input is the new file
    mkdir -p /etc/xenlab
    cat >"$file.new"
    mv "$file.new" "$file"
}
set_up() { # the replay: at boot, and whenever drbl-nat-rules has flushed everything
    [ -x /usr/local/sbin/xenlab-drbl-forwards ] || return 0
    mkdir -p /etc/systemd/system
    cat >/etc/systemd/system/xenlab-drbl-forwards.service <<'END'
[Unit]
Description=Port forwards to DRBL clients
After=network.target drbl-clients-nat.service
[Service]
Type=oneshot
ExecStart=/usr/local/sbin/xenlab-drbl-forwards replay
[Install]
# The second: DRBL's service puts back its rules alone whenever it is started.
WantedBy=multi-user.target drbl-clients-nat.service
END
    cat >/etc/systemd/system/xenlab-drbl-forwards.path <<'END'
[Unit]
Description=Port forwards to DRBL clients, after drbl-nat-rules
[Path]
PathChanged=/etc/default/drbl-nat.up.rules
[Install]
WantedBy=multi-user.target
END
    command -v systemctl >/dev/null || return 0
    systemctl enable xenlab-drbl-forwards.service xenlab-drbl-forwards.path >/dev/null 2>&1
    [ ! -d /run/systemd/system ] || { systemctl daemon-reload && systemctl start xenlab-drbl-forwards.path; }
}
tags() { # the names of all our rules
    iptables -w 10 -t nat -S | sed -n 's/.*--comment "\{0,1\}xenlab:\([a-z0-9-]*\).*/\1/p' | sort -u
}
is_saved() { # NAME
    [ -f "$file" ] && awk -v name="$1" '$NF == name { found = 1 } END { exit !found }' "$file"
}
forget() { # what is tagged as ours but not saved: drbl-nat-rules saves it and brings it back at boot
    for name in $(tags); do
        if ! is_saved "$name"; then drop "$name"; fi
    done
}
replay() {
    forget
    [ -f "$file" ] || return 0
    while read -r protocol listen client port interface masquerade name; do
        if [ "$protocol" = ip_forward ]; then
            sysctl -q -w net.ipv4.ip_forward=1
        else
            apply "$protocol" "$listen" "$client" "$port" "$interface" "$masquerade" "$name"
        fi
    done <"$file"
}

verb=$1
shift
case $verb in
add)
    persist=$1 forwarding=$2
    shift 2
    [ "$forwarding" = no ] || sysctl -q -w net.ipv4.ip_forward=1
    apply "$@"
    if [ "$persist" = yes ]; then
        {
            [ "$forwarding" = no ] || echo ip_forward
            without "$7" | { [ "$forwarding" = no ] && cat || grep -vx ip_forward || true; }
            echo "$*"
        } | write
        set_up
    fi
    ;;
rm)
    drop "$1"
    [ ! -f "$file" ] || without "$1" | write
    ;;
save)
    {
        if [ -f "$file" ] && grep -qx ip_forward "$file"; then echo ip_forward; fi
        for line; do echo "$line"; done
    } | write
    set_up
    replay
    ;;
replay) replay ;;
esac
