#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What cannot be imported is refused before a byte is sent: what is no archive, is not whole, lacks fields, is for a
# newer host, does not fit, or needs networks that are not there. --repair and --map-network change that on the way.
. "$LIB"
. "$ROOT/tests/cli/sim.sh"
with_xapi --vms 1
xapi_py <<<'small_disk("vm001", 2**20 + 512, {0: b"x" * 512})'
xvm export vm001 -o good.xva >/dev/null
attempt() {
    status xvm import --dry-run "$@" 2>&1 | sed -E 's/[0-9]+ of ([0-9]+) bytes/N of \1 bytes/; s/Ref:[0-9]+/REF/g; s/at byte [0-9]+/at byte N/'
}
attempt good.xva
printf '<html><head><title>Log in</title></head>' >page.xva
attempt page.xva
head -c 600000 good.xva >short.xva
attempt short.xva
attempt - <short.xva
attempt missing.xva
attempt good.xva --sr "ISO library"
attempt good.xva --sr nowhere
sed 's/<name>xapi_major<\/name><value>23</<name>xapi_major<\/name><value>99</' good.xva >newer.xva
attempt newer.xva
old=$(xapi_py <<<'print(call("network.get_name_label", call("VIF.get_network", call("VIF.get_all")[0])))')
xapi_py <<END
call("network.set_name_label", one("network", "$old"), "lab net")
END
attempt good.xva | sed "s/$old/OLD/"
attempt good.xva --map-network "$old=lab net"
attempt good.xva --map-network nothing=lab
attempt good.xva --map-network "nothing=lab net"
attempt good.xva --keep-mac --map-network "$old=lab net" | sed -E 's/([0-9a-f]{2}:){5}[0-9a-f]{2}/MAC/'
set_field '["SR","shared storage","physical_utilisation",1099511627775]'
attempt good.xva --map-network "$old=lab net"
xapi_calls --mutating | grep -c import || true
