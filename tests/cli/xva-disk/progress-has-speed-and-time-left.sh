#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# While a disk is extracted from a file, a pipe that is slow, and an image: position, total, a speed that fits the time and an
# estimate that fits the speed; at the end all is done.
. "$LIB"
requires jq
truncate -s 24M d.raw
dd if=/dev/urandom of=d.raw bs=1M count=20 conv=notrunc status=none
xva --disk d.raw a.xva
slowly() { # in two parts, so that there is something to tell in the middle
    head -c 8000000 a.xva
    sleep 2.5
    tail -c +8000001 a.xva
}
xva-disk a.xva --progress json --progress-fd 3 -o out 3>file.json
slowly | xva-disk - --progress json --progress-fd 3 -o out 3>pipe.json
xva-disk d.raw --progress json --progress-fd 3 -o out 3>image.json
for kind in file pipe image; do
    jq -s -c "\"$kind\", (last | [.position == .total, .eta, .rate > 0, .total])" $kind.json
done
# Between the parts: a third is done, and what is left takes about twice what has passed.
jq -s 'map(select(.position < .total)) | length > 0 and all(.rate > 0 and .eta >= 0 and
    ((.total - .position) / .rate - .eta) < 1.1 and ((.total - .position) / .rate - .eta) > -0.1)' pipe.json
xva-disk d.raw --progress line -o out 2>&1 | sed 's/[0-9][0-9.]* [KMG]iB\/s/N\/s/'
