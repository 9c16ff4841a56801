#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Rewrites the seeds of the corpora (not what fuzzing found: those files keep the names given to them).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
tools=../tools
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

xva() { "$tools/make_xva.py" --minimal "${@:2}" "$1"; }

for name in tar xva xmlrpc decompress partition nbd_server nbd_client; do
    mkdir -p "corpus/$name"
    : >"corpus/$name/empty"
done

seeds=corpus/xva
xva $seeds/one-disk --disk random=700
xva $seeds/sha1 --dialect old-xapi --disk random=700
xva $seeds/xo --disk text=600,ref=Ref:2 --disk random=300,ref=Ref:11 --checksum mixed
xva $seeds/vdi-tar --vdi-tar --disk random=700
xva $seeds/version-1 --export-vsn 1 --disk text=700 --cd
xva $seeds/metadata --metadata-only --disk zero=3T
"$tools/make_xva.py" --disk random=100 --metadata-only $seeds/complete-records

cp $seeds/one-disk corpus/tar/v7
"$tools/make_xva.py" --minimal --dialect gnu --directories --record-padding --disk random=100 corpus/tar/gnu
"$tools/make_xva.py" --hostile pax-header --size 100 "$scratch/pax"
head -c 20480 "$scratch/pax" >corpus/tar/pax-cut
tar xOf $seeds/one-disk ova.xml >corpus/xmlrpc/ova.xml
tar xOf $seeds/complete-records ova.xml >corpus/xmlrpc/complete-ova.xml
printf '<value><struct><member><name>a</name><value><array><data><value><int>-1</int></value><value><boolean>1</boolean></value><value><double>1.5</double></value><value><dateTime.iso8601>20261122T15:19:10Z</dateTime.iso8601></value><value/></data></array></value></member></struct></value>' >corpus/xmlrpc/types
printf '<?xml version="1.0"?><!DOCTYPE value [<!ENTITY a "b">]><value>&a;</value>' >corpus/xmlrpc/doctype

head -c 3000 $seeds/one-disk | gzip -n9 >corpus/decompress/gzip
head -c 3000 $seeds/one-disk | zstd -q -19 >corpus/decompress/zstd
(gzip -n <<<one && gzip -n <<<two && zstd -q <<<three) >corpus/decompress/several
head -c 1000000 /dev/zero | zstd -q -19 --ultra --long=27 >corpus/decompress/long-window

# Only the head of a disk is needed: behind the first file system lies nothing that is looked at.
for recipe in mbr-logical gpt ebr-loop gpt-2to32-entries overlap lvm no-table-ntfs random-table; do
    "$tools/make_disk.py" "$recipe" "$scratch/disk"
    head -c 40960 "$scratch/disk" >"corpus/partition/$recipe"
done
printf 'label: dos\nstart=8, size=100, type=83\nstart=128, size=100, type=5\nstart=136, size=20, type=83\n' >"$scratch/small"
truncate -s 131072 corpus/partition/small-ebr
PATH=$PATH:/usr/sbin:/sbin sfdisk -q corpus/partition/small-ebr <"$scratch/small"
./make_nbd_streams.py corpus/nbd_server corpus/nbd_client
