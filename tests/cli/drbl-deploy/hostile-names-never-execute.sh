#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# timeout: 180
# Every text field, with what a shell, perl, sed or a kernel command line would make something of: each is refused
# before anything is composed. drbl-ocs itself runs `x@{[\`touch PWNED\`]}` (drbl 5.2.7).
# shellcheck disable=SC2016,SC2015
. "$LIB"
payloads=(
    'x@{[`touch PWNED`]}' '`touch PWNED`' '$(touch PWNED)' ';touch PWNED' '|touch PWNED' '&touch PWNED' 'a|b' $'a\ntouch PWNED'
    $'a\tb' 'a b' "a'b" 'a"b' 'a\\b' '*' 'a?b' '[a]' '{a,b}' '~root' '#a' '!a' '%n%s' '../../etc' '/etc/passwd' '..' '.' '.hidden'
    '${IFS}' '@ARGV' 's|a|b|e' 'a/../b' $'\x01' $'\x7f' $'\xff\xfe' 'ä' '<a' '>a' '(a)' 'a=b c' 'ask_user ' 'ask_user' 'a^b' 'a:b|c' $'\e[2J'
    'a,b;c' '$0' 'e$a' 'a..b|' 'x;y' "$(printf 'a%.0s' {1..200})"
)
tried=0
refused() {
    local code=0
    drbl-deploy "$@" >out 2>err || code=$?
    ((code == 2 || code == 3)) && [[ ! -s out ]] || { echo "BAD: exit $code:"; printf ' %q' "$@"; cat out; }
    ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]' err || { echo "BAD: not printable:"; cat -v err; }
    tried=$((tried + 1))
}
for payload in "${payloads[@]}"; do
    refused save --disk sda --hosts 10.0.0.5 -- "$payload"
    refused restore gold "--disk=$payload" --hosts 10.0.0.5
    refused restore gold "--parts=sda1,$payload" --hosts 10.0.0.5
    refused restore gold --disk sda "--hosts=10.0.0.5-$payload"
    refused restore gold --disk sda --hosts 10.0.0.5 "--after=$payload"
    refused save gold --disk sda --hosts 10.0.0.5 "--compress=z1$payload"
    refused multicast gold --disk sda --hosts 10.0.0.5 --clients 1 "--interface=$payload;"
    refused images rename gold --server 192.0.2.1 -- "$payload"
    refused forward add "80:10.0.0.1:80" --server 192.0.2.1 "--name=$payload;"
done
((tried > 400)) || echo "BAD: only $tried"
[[ -z $(find . -name 'PWNED*') ]] || echo "BAD: executed"
