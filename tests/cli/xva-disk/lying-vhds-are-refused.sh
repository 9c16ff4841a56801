#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Block tables that point behind the file, into the header, or twice to one place; sizes that do not fit; parents that
# are the image itself, a circle, missing, or another image than the one meant.
. "$LIB"
make_vhd() { python3 "$ROOT/tests/tools/make_vhd.py" "$@"; }
# lie FILE OFFSET NUMBER: four bytes, and the checksum of the header, which knows nothing of the table's content, made right.
lie() {
    python3 - "$@" <<'END'
import struct, sys
name, offset, number = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with open(name, "r+b") as file:
    data = bytearray(file.read())
    struct.pack_into(">I", data, offset, number)
    struct.pack_into(">I", data, 512 + 36, 0)
    struct.pack_into(">I", data, 512 + 36, ~sum(data[512:1536]) & 0xFFFFFFFF)
    file.seek(0)
    file.write(data)
END
}
both() { # every tool, and nothing written
    status xva-disk "$1" -o out
    [[ $(status xva-mbr "$1" 2>/dev/null) != "exit 0" ]] || echo "BAD: xva-mbr read $1"
}
bat=1536
make_vhd --size 8388608 --sectors 0,4096,8192 whole.vhd
xva-disk whole.vhd -o whole.raw
for lie in "0 99999999" "0 4294967294" "0 1" "4 0" "1 3"; do
    cp whole.vhd lie.vhd
    case $lie in
    "1 3") lie lie.vhd $((bat + 4)) "$(od -An -tu4 --endian=big -j $bat -N 4 whole.vhd)" ;; # block 1 is block 0
    *) lie lie.vhd $((bat + ${lie% *})) "${lie#* }" ;;
    esac
    echo "== $lie"
    both lie.vhd
done
echo "== cut"
head -c 3000000 whole.vhd >cut.vhd
both cut.vhd
echo "== header"
for lie in "28 1000000" "28 1" "32 512" "32 3000000" "20 4294963200"; do # entries, block size, place of the table
    cp whole.vhd header.vhd
    lie header.vhd $((512 + ${lie% *})) "${lie#* }"
    both header.vhd
done
echo "== own parent"
make_vhd --type differencing --size 4194304 --name self.vhd --parent self.vhd --sectors 1 self.vhd
both self.vhd
echo "== circle"
make_vhd --type differencing --size 4194304 --name a.vhd --parent b.vhd --sectors 1 a.vhd
make_vhd --type differencing --size 4194304 --name b.vhd --parent a.vhd --sectors 1 b.vhd
both a.vhd
echo "== missing"
make_vhd --type differencing --size 4194304 --name c.vhd --parent gone.vhd --sectors 1 c.vhd
both c.vhd
echo "== another"
make_vhd --size 4194304 --name other.vhd --sectors 0 gone.vhd
both c.vhd
[[ ! -e out && ! -e out.part ]] || echo "BAD: left" out*
