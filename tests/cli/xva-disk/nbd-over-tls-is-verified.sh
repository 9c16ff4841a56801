#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# nbds:// to nbdkit: read when the certificate is good for the host; else, and without TLS, refused with a reason.
. "$LIB"
requires nbdkit openssl
disk mbr-logical d.raw
key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
openssl req -x509 "${key[@]}" -keyout ca-key.pem -out ca-cert.pem -days 2 -subj '/CN=test authority' 2>/dev/null
openssl req "${key[@]}" -keyout server-key.pem -out server.csr -subj '/CN=test server' 2>/dev/null
openssl x509 -req -in server.csr -CA ca-cert.pem -CAkey ca-key.pem -CAcreateserial -days 2 -out server-cert.pem \
    -extfile <(echo subjectAltName=DNS:localhost) 2>/dev/null
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
nbdkit -f -i 127.0.0.1 -p "$port" -P ready --tls=require --tls-certificates="$PWD" file d.raw 2>nbdkit.err &
wait_for 30 test -s ready
without_port() { sed "s/:$port/:PORT/g"; }
SSL_CERT_FILE=ca-cert.pem xva-disk "nbds://localhost:$port/" | cmp - d.raw
SSL_CERT_FILE=ca-cert.pem xva-mbr "nbds://localhost:$port/" | cmp - <(xva-mbr d.raw)
status xva-disk "nbds://localhost:$port/" -o out 2>&1 | without_port
SSL_CERT_FILE=ca-cert.pem status xva-disk "nbds://127.0.0.1:$port/" -o out 2>&1 | without_port
status xva-disk "nbd://localhost:$port/" -o out 2>&1 | without_port
[[ ! -e out && ! -e out.part ]] || echo "BAD: left" out*
