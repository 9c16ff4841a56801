#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# --pack: complete for an importer, the disks come back, xva-img and tar read it, a given ova.xml is kept.
. "$LIB"
requires xva-img
disk mbr-logical d.raw
truncate -s +1700K d.raw
truncate -s 3G zero.raw
xva-disk --pack --name '<a> & "b"' --firmware uefi d.raw zero.raw -o a.xva
xva-verify --importable --format table a.xva
xva-disk a.xva -d 0 | cmp - d.raw
(($(stat -c %s a.xva) < 40000000)) || echo "BAD: zeros were packed"
tar tf a.xva | grep -v 'xxhash$' | tail -2
# SHA-1, for old hosts, as xva-img reads it (it needs whole chunks)
truncate -s 162M d.raw
xva-disk --pack --name old --checksum sha1 d.raw -o - >b.xva
mkdir unpacked
tar xf b.xva -C unpacked && chmod -R u+rwX unpacked
xva-img disk-export unpacked/Ref:400/ img.raw >/dev/null
cmp img.raw d.raw
# The document of a host's own archive is taken as it is.
sample xapi-23.1-two-disks >c.xva
tar xOf c.xva ova.xml >host.xml
xva-disk c.xva -d 0 -o 0.raw
xva-disk c.xva -d 1 -o 1.raw
xva-disk --pack host.xml 0.raw 1.raw -o c2.xva
cmp <(tar xOf c2.xva ova.xml) host.xml
xva-disk c2.xva -d 0 | cmp - 0.raw
xva-disk c2.xva -d 1 | cmp - 1.raw
