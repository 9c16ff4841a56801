#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# NBD servers that stall, die, vanish, fail, answer what nobody asked, or lie about the size: an error that says so, its
# exit code, and no output.
. "$LIB"
head -c 8000000 /dev/urandom >d.raw
serve() { # NAME ARGUMENT...
    [[ -p hold ]] || mkfifo hold
    exec 9<>hold
    python3 "$ROOT/tests/tools/nbd_server.py" "$1" d.raw "${@:2}" <hold 9>&- &
    wait_for 30 test -S "$1"
}
serve good
xva-disk 'nbd+unix:///?socket=good' | cmp - d.raw
told() { # EXIT NAME
    [[ $(status xva-disk "nbd+unix:///?socket=$2" --timeout 1 -o out 2>err) =~ ^exit\ ($1)$ ]] || echo "BAD $2: ${BASH_REMATCH[0]-another exit}"
    grep "^xva-disk: error: $2: " err || cat err
}
for after in 0 9; do
    for how in stall die exit error stranger; do serve $how$after --after $after $how; done
    told 124 stall$after
    told 5 die$after >/dev/null # in the middle of an answer, or, so it seems to the client, before it
    told 5 exit$after
    told 1 error$after
    told 7 stranger$after
done
serve short short
told '7|124' short >/dev/null
serve large --size 999999999
status xva-disk 'nbd+unix:///?socket=large' -o out 2>&1
serve small --size 1000000
status xva-disk 'nbd+unix:///?socket=small' -o small.raw
head -c 1000000 d.raw | cmp - small.raw # a client cannot know
serve huge --size $(((1 << 63) - 1))
status xva-mbr 'nbd+unix:///?socket=huge' 2>&1
[[ ! -e out && ! -e out.part ]] || echo "BAD: left" out*
