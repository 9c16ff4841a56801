# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# More about the simulated pool that with_xapi of lib.sh starts.

# xapi_py: runs the Python on standard input, with call(METHOD, PARAMETER...) and the helpers of
# sim_prelude.py. Its calls stand in the log as those of others do.
xapi_py() {
    cat "$ROOT/tests/cli/sim_prelude.py" - >script.py
    SIM_TESTS=$ROOT/tests/sim python3 script.py
}

# xapi_changes: the calls since the last time that changed the pool, one a line, sorted; tasks aside.
xapi_changes() {
    python3 - <<'END'
import json, os
seen = int(open("seen").read()) if os.path.exists("seen") else 0
lines = open("xapi.log").read().splitlines()
open("seen", "w").write(str(len(lines)))
for name in sorted(call["method"] for call in map(json.loads, lines[seen:])
                   if call.get("mutating") and call.get("status") == "Success"
                   and not call["method"].startswith("task.")):
    print(name)
END
}

# nothing_changed: complains about changes since the last look, and forgets them.
nothing_changed() {
    xapi_changes | sed 's/^/BAD: it called /'
}

# set_field JSON: writes a field that no call can write (tests/sim/README.md).
set_field() {
    xapi_do "set $1"
    tail -n 1 xapi.ready | grep -q '"ok": true' || tail -n 1 xapi.ready
}

# no_remains: complains about what our tools have left in the pool (left_behind of sim_prelude.py) once the server has
# noticed that they are gone, and about sessions beside the one (or $SESSIONS) that is kept between runs.
no_remains() {
    xapi_do state
    SIM_SESSIONS=$(tail -n 1 xapi.ready | python3 -c 'import json, sys; print(json.load(sys.stdin)["sessions"])') \
        xapi_py <<<"left_behind(${SESSIONS-1})"
}

# another_pool ARGUMENT...: the pool that runs becomes the context "there" (there.ready is what it said of itself), and a
# new one the context "here", which is the default from then on and has xapi.log.
another_pool() {
    local there=${XAPI_URL#https://} password=$XENLAB_PASSWORD_FILE
    mv xapi.ready there.ready
    rm xapi.log
    exec 8>&9 # holds it, while the next one takes its place
    # shellcheck disable=SC2034  # of with_xapi
    XAPI_PID=
    with_xapi "$@"
    mkdir -p "$XDG_CONFIG_HOME/xenlab"
    cat >"$XDG_CONFIG_HOME/xenlab/config" <<END
[context.here]
host = "$XENLAB_HOST"
password-file = "$XENLAB_PASSWORD_FILE"
[context.there]
host = "$there"
password-file = "$password"
END
    unset XENLAB_PASSWORD_FILE XENLAB_HOST
    export XENLAB_CONTEXT=here
}
