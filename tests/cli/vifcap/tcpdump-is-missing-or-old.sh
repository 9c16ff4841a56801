#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
own_network
with_nic
# A PATH with everything but tcpdump. The first SetEnv counts.
mkdir few
for program in bash sh sleep head timeout date cat; do ln -s "$(command -v $program)" few/; done
with_sshd h2 "SetEnv \"HOME=$PWD\" \"PATH=$PWD/few\""
status vifcap --ssh-config ssh_config --ssh-host h2 --interface vif7.0 -w x.pcapng
# One as old as that of CentOS 6: no immediate mode, and it says so when asked for help.
cat >h1/bin/tcpdump <<'END'
#!/bin/sh
case "$*" in
*--help*) /usr/bin/tcpdump --help 2>&1 | sed 's/--immediate-mode//'; exit ;;
*--immediate-mode*) echo "tcpdump: unrecognized option '--immediate-mode'" >&2; exit 1 ;;
esac
exec /usr/bin/tcpdump "$@"
END
chmod +x h1/bin/tcpdump
capture --interface vif7.0 --count 2 -w cap.pcapng -- udp port 9
datagrams 7 3
wait "$CAPTURE"
grep -c 'too old for immediate mode' err
tshark -r cap.pcapng -Y udp 2>/dev/null | wc -l
# And one that does not know what we need.
printf '#!/bin/sh\necho "tcpdump: invalid option -- B" >&2\nexit 1\n' >h1/bin/tcpdump
status vifcap --ssh-config ssh_config --ssh-host h1 --interface vif7.0 -w x.pcapng
ls x.pcapng* 2>/dev/null || true
