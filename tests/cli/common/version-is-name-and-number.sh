#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$LIB"
for tool in $TOOLS; do
    "$tool" --version | grep -qxE "$tool [0-9]+\.[0-9]+\.[0-9]+" || echo "BAD $tool"
done
