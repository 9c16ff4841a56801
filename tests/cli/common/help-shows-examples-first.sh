#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# --help and -h go to standard output, say nothing on standard error, and show examples before options.
. "$LIB"
for tool in $TOOLS; do
    "$tool" --help >help
    "$tool" -h | cmp - help
    awk '/^Examples:/ {e = NR} /^(Options|Verbs):/ && !o {o = NR} END {exit !(e && o && e < o)}' help || echo "BAD $tool"
    helps "$tool" >help
    awk 'length > 110 {print FILENAME ": too wide: " $0}' help
done
