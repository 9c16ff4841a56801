#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The host's clock is an hour ahead; its times are written as they are, and the stream says how far they are from ours.
. "$LIB"
own_network
with_nic
printf '#!/bin/sh\n/usr/bin/date -d "now + 1 hour" "$@"\n' >h1/bin/date
chmod +x h1/bin/date
capture --interface vif7.0 --count 1 -w cap.pcapng -- udp port 9
datagrams 7 1
wait "$CAPTURE"
tshark -r cap.pcapng -Y 'frame.comment contains "clock"' -T fields -e frame.comment 2>/dev/null | sed -E 's/\+(3599|3600)\.[0-9]+ s/+3600 s/'
