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

# The tools that do their job when given one XVA archive and nothing else: what common tests feed.
archive_tools() {
    local tool
    for tool in $TOOLS; do
        [[ " xva-mbr xva-verify " != *" $tool "* ]] || echo "$tool"
    done
}

# helps TOOL: --help of the tool and of each of its verbs.
helps() {
    local verb
    "$1" --help
    { "$1" --generate verbs 2>/dev/null || true; } | while read -ra verb; do "$1" "${verb[@]}" --help; done
}

# examples_of TOOL: the command lines of --help, which are those of the man page.
examples_of() {
    helps "$1" | sed -n '/^Examples:/,/^$/s/^  \([^ ].*\)/\1/p'
}

# run_examples TOOL [PATTERN]: runs them here, where the files they name must be. Each must succeed,
# unless it matches PATTERN, and print something or redirect.
run_examples() {
    local line
    examples_of "$1" >examples
    (($(wc -l <examples) >= 3)) || echo "BAD: few examples: $1"
    while read -r line; do
        # The page is generated from the same list: the examples stand there, too.
        grep -qF -- "$(sed 's/\\/\\e/g; s/-/\\-/g' <<<"$line")" "$ROOT/man/$1.1" || echo "BAD: not in the page: $line"
        bash -c "$line" >out 2>err </dev/null || [[ -n ${2-} && $line =~ $2 ]] || echo "BAD: exit $?: $line"
        [[ -s out || $line == *">"* ]] || echo "BAD: no output: $line"
        ! grep -q "error:" err || cat err
    done <examples
}
