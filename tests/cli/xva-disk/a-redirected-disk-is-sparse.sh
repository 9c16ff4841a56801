#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# "> FILE" has holes like -o FILE; what stands before and after it stays; ">> FILE" and pipes get zeros.
. "$LIB"
truncate -s 64M d.raw
printf 'begin' | dd of=d.raw conv=notrunc status=none
printf 'middle' | dd of=d.raw bs=1M seek=40 conv=notrunc status=none
xva --disk d.raw a.xva
blocks() { stat -c %b "$1"; }
for source in d.raw a.xva; do
    xva-disk $source >out.raw
    cmp out.raw d.raw
    (($(blocks out.raw) < 1000)) || echo "BAD $source: $(blocks out.raw) blocks"
done
cat a.xva | xva-disk - >out.raw
cmp out.raw d.raw
(($(blocks out.raw) < 1000)) || echo "BAD pipe: $(blocks out.raw) blocks"
{
    echo before
    xva-disk a.xva
    echo after
} >around
cmp around <(echo before && cat d.raw && echo after)
(($(blocks around) < 1000)) || echo "BAD around: $(blocks around) blocks"
echo before >appended
xva-disk a.xva >>appended
cmp appended <(echo before && cat d.raw)
xva-disk a.xva 1<>around # over what is there: no holes where the old content would shine through
cmp <(head -c 64M around) d.raw
xva-disk a.xva | cmp - d.raw
