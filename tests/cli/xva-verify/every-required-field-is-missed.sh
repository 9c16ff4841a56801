#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Each field that a running xapi refused to do without.
. "$LIB"
requires jq
jq -r 'to_entries[] | select(.key | IN("VM", "VDI", "VBD", "SR")) | .key as $c | .value | keys[] | "\($c).\(.)"' \
    "$DATA/xva/required-fields.json" >fields
while read -r field; do
    case $field in VDI.virtual_size | SR.content_type) continue ;; esac # those make another archive of it
    xva --disk text=1s --omit "$field" a.xva
    found=$(xva-verify --importable --jsonl a.xva | jq -r '.missing_fields[] | "\(.class).\(.field)"' | sort -u) || true
    [[ $found == "$field" ]] || echo "$field: $found"
done <fields
wc -l <fields
