#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A certificate that no authority signed is refused; one that the trust store knows is not.
. "$LIB"
requires openssl jq
openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -days 2 -subj /CN=127.0.0.1 \
    -addext subjectAltName=IP:127.0.0.1 2>/dev/null
sample xapi-23.1 >a.xva
python3 "$ROOT/tests/cli/http_server.py" a.xva cert key >server 2>/dev/null &
until [[ -s server ]]; do sleep 0.05; done
url=$(head -1 server)
status xva-mbr "$url/a.xva" 2>err
sed "s#$url#URL#" err
SSL_CERT_FILE=$PWD/cert xva-mbr --json "$url/a.xva" | jq -c '.disks[0].ref'
kill %1
