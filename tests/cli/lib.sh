# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What golden tests share. A test begins with: . "$LIB"
set -euo pipefail

# skip REASON: ends the test as skipped.
skip() {
    echo "$*" >&2
    exit 77
}

# requires PROGRAM...: skips the test, with the reason, unless all of them are installed.
requires() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || skip "needs $program, which is not installed"
    done
}

# status COMMAND...: runs it and prints "exit N" on standard output, whatever N is.
status() {
    local code=0
    "$@" || code=$?
    echo "exit $code"
}

# xva ARGUMENT...: the archive maker (tests/tools/make_xva.py --help).
xva() {
    python3 "$ROOT/tests/tools/make_xva.py" "$@"
}

# disk ARGUMENT...: the disk maker (tests/tools/make_disk.py --help).
disk() {
    python3 "$ROOT/tests/tools/make_disk.py" "$@"
}

# sample NAME: prints the recorded archive tests/data/xva/NAME.xva.zst, decompressed.
sample() {
    requires zstd
    zstd -dcq "$DATA/xva/$1.xva.zst"
}
