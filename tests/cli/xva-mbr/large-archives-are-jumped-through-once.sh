#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Where the chunks of a large archive are is kept in the cache: the second run does not look at every header again. Not used
# when the archive has changed or the file is not ours alone; whatever the file says, there is an answer or an error.
. "$LIB"
requires strace sfdisk
truncate -s 2100M d.raw
printf 'label: gpt\nstart=2048, size=2048\nstart=4200000\n' | sfdisk -q d.raw
python3 "$ROOT/tests/tools/make_large_xva.py" d.raw a.xva
cache=$XDG_CACHE_HOME/xenlab/index
reads() { grep -c 'pread64\|lseek\|read(' trace; }
run() { ASAN_OPTIONS=detect_leaks=0 strace -f -o trace -e trace=pread64,lseek,read xva-mbr a.xva >"$1"; }
run first
(($(reads) > 2000)) || echo "BAD: $(reads) reads at first"
file=("$cache"/*)
[[ -f ${file[0]} && ${#file[@]} == 1 ]] || echo "BAD: cached" "${file[@]}"
[[ $(stat -c '%a %s' "${file[0]}") =~ ^600\ [0-9]{3}$ ]] || stat -c '%a %s' "${file[0]}"
[[ $(stat -c %a "$cache") == 700 ]] || stat -c %a "$cache"
run second
cmp first second
(($(reads) < 300)) || echo "BAD: $(reads) reads from the cache"
# Not for others, and not for another state of the archive: then it is made anew.
kept() { # whether a run took the file as it was
    local before
    before=$(stat -c %i "${file[0]}")
    xva-mbr a.xva | cmp - first
    [[ $(stat -c %i "${file[0]}") == "$before" ]] && echo "kept: yes" || echo "kept: no"
}
chmod 644 "${file[0]}"
kept
kept
touch a.xva
kept
kept
# A small archive is not worth a file; without a place to keep it all is well.
xva --disk random=3M small.xva
xva-mbr small.xva >/dev/null
[[ $(find "$cache" -type f | wc -l) == 1 ]] || echo "BAD: a small archive is in the cache"
XDG_CACHE_HOME=/dev/null xva-mbr a.xva | cmp - first
# Every number of the file replaced by every kind of nonsense, sealed as the real one is: no crash.
cp "${file[0]}" good
python3 - "$ROOT/tests/tools" good "${file[0]}" first <<'END'
import os, struct, subprocess, sys
sys.path.insert(0, sys.argv[1])
from xvamaker import xxh64
good, path = open(sys.argv[2], "rb").read(), sys.argv[3]
right = open(sys.argv[4], "rb").read()
begin = len(b"\n".join(good.split(b"\n", 3)[:3])) + 1
count = (len(good) - 16 - begin) // 8
assert count > 10, count
for number in range(count):
    at = begin + 8 * number
    old, = struct.unpack_from("<Q", good, at)
    for new in {0, old ^ 1 << 20, (1 << 64) - 1} - {old}:
        data = good[:at] + struct.pack("<Q", new & (1 << 64) - 1) + good[at + 8:-16]
        with open(path, "wb") as file:
            file.write(data + xxh64.text(data).encode())
        result = subprocess.run(["xva-mbr", "a.xva"], capture_output=True)
        if result.returncode not in (0, 7):
            print("BAD:", number, new, result.returncode, result.stderr.decode())
for data in (b"", good[:40], good[:-1], good[:-16], good + b"x", b"\0" * 5000, b"x" * (17 << 20)):
    with open(path, "wb") as file:
        file.write(data)
    result = subprocess.run(["xva-mbr", "a.xva"], capture_output=True)
    if result.stdout != right:
        print("BAD: cut or strange:", len(data), result.stderr.decode())
END
# Not too many files.
for n in $(seq 100); do : >"$cache/$n"; done
touch a.xva
xva-mbr a.xva >/dev/null
(($(find "$cache" -type f | wc -l) <= 64)) || echo "BAD: $(find "$cache" -type f | wc -l) files"
