#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a server offers: exports, targets, LUNs, as rows and as a document; nothing is changed.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
with_xapi --vms 0
xvm sr probe nfs 10.20.30.9
xvm sr probe nfs 10.20.30.9 --json
xapi_do "probe <?xml version='1.0'?><iscsi-target-iqns><TGT><Index>0</Index><IPAddress>10.1.1.1</IPAddress><TargetIQN>iqn.a</TargetIQN></TGT></iscsi-target-iqns>"
xvm sr probe iscsi iscsi://10.1.1.1
status xvm sr probe iso-nfs srv1:/x
xapi_do 'fault SR.probe:1:SR_BACKEND_FAILURE_140,,name does not resolve,'
status xvm sr probe nfs nowhere
xapi_do 'fault SR.probe:1:SR_BACKEND_FAILURE_101,,no serverpath,<broken'
status xvm sr probe nfs nowhere
nothing_changed
