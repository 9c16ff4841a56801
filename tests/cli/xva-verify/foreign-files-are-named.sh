#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
echo '<!DOCTYPE html><html><head><title>Login required</title>' >page
echo 'Internal Server Error' >text
: >empty
head -c 2000 /dev/zero >zeros
printf 'conectix%504s' '' >vhd
tar cf ova --transform s/text/vm.ovf/ text
python3 "$ROOT/tests/tools/make_xva.py" --legacy-directory --disk random=1M legacy
xva --metadata-only --disk random=1M metadata
gzip -c page >page.gz
for f in page text empty zeros vhd ova legacy metadata page.gz; do
    status xva-verify --format table $f
done
mkdir folder
status xva-verify folder
