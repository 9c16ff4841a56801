#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Rewrites the seeds of the corpora (not what fuzzing found: those files keep the names given to them).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
tools=../tools
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

xva() { "$tools/make_xva.py" --minimal "${@:2}" "$1"; }

for name in tar xva xmlrpc decompress partition vhd undo nbd_server nbd_client; do
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

vhd=$tools/make_vhd.py
"$vhd" --type fixed --size 4096 --sectors 1,7 corpus/vhd/fixed
"$vhd" --size 20480 --block-size 512 --sectors 0,3,39 corpus/vhd/blocks-512
"$vhd" --size 66048 --block-size 4096 --sectors 0,1,2,9,63,128 corpus/vhd/blocks-4096
"$vhd" --size 1099511627776 --block-size 268435456 corpus/vhd/empty-tebibyte
"$vhd" --type differencing --name child.vhd --parent base.vhd --size 66048 --block-size 4096 --sectors 2,8,127 \
    --locator 'W2ru=.\base.vhd' --locator 'W2ku=C:\vm\base.vhd' --locator MacX=file:///vm/base%20.vhd corpus/vhd/child
head -c 511 corpus/vhd/fixed >corpus/vhd/cut

# Logs as an edit of a small file leaves them, by hand: header, zeros, data, seal, with the checksums of Python's zlib.
python3 - corpus/undo <<'END'
import struct, sys, zlib
def block(*fields):
    body = struct.pack(*fields)
    return body + struct.pack("<I", zlib.crc32(body))
def log(path, size, records):
    parts = [struct.pack("<8sIIQQQII", b"XLABUNDO", 1, 1, size, 5, 6, len(path), 0) + path]
    parts[0] += struct.pack("<I", zlib.crc32(parts[0]))
    chained = zlib.crc32(parts[0][-4:])
    for offset, data in records:
        zeros = not any(data)
        head = block("<4sIQQI", b"REC ", 2 if zeros else 1, offset, len(data), 0 if zeros else zlib.crc32(data))
        chained = zlib.crc32(head[-4:], chained)
        parts += [head, b"" if zeros else data]
    size = sum(map(len, parts)) + 32
    return b"".join(parts) + block("<4sIQQI", b"SEAL", chained, len(records), size, 0)
for name, data in {"none": log(b"/a", 100, []), "some": log(b"/tmp/disk.raw", 5000, [(0, bytes(512)), (700, b"old" * 50), (4999, b"x")])}.items():
    open(f"{sys.argv[1]}/{name}", "wb").write(data)
END

./make_nbd_streams.py corpus/nbd_server corpus/nbd_client

# mkfs.xfs makes so small volumes for its own tests only.
head -c 20000 make_corpus.sh >"$scratch/file"
for version in 4 5; do
    {
        printf 'boot\n0 0\nd--755 0 0\nfile ---644 0 0 %s\n' "$scratch/file"
        printf 'short l--777 0 0 file\nlong l--777 0 0 %s\nnull c--666 0 0 1 3\n' "$(printf 'x/%.0s' {1..400})"
        printf 'small d--755 0 0\none ---644 0 0 %s\n$\n' "$scratch/file"
        for folder in 60 $((version == 4 ? 700 : 120)); do
            printf 'many%s d--755 0 0\n' "$folder"
            for ((i = 0; i < folder; ++i)); do printf 'a-long-name-%s p--644 0 0\n' $i; done
            printf '$\n'
        done
        printf '$\n'
    } >"$scratch/proto"
    rm -f "$scratch/xfs"
    truncate -s 18M "$scratch/xfs"
    TEST_DIR=x TEST_DEV=x QA_CHECK_FS=x mkfs.xfs -q -m crc=$((version - 4)) -d agcount=1 -p "$scratch/proto" \
        "$scratch/xfs" 2>/dev/null
    python3 make_sectors.py "$scratch/xfs" corpus/fs/xfs-v$version
done
