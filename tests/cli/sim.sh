# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A simulated pool for golden tests: . "$LIB"; . "$ROOT/tests/cli/sim.sh"; sim_start --vms 3

# sim_start OPTION...: starts tests/sim/xapi-sim and makes it the default context. Calls are logged in
# ./calls; time runs 50 times faster.
sim_start() {
    : >calls
    coproc SIM { exec python3 "$ROOT/tests/sim/xapi-sim" --time-scale 0.02 --log calls "$@" 2>sim.err; }
    local ready
    read -r -t 30 ready <&"${SIM[0]}" || { cat sim.err; exit 1; }
    echo "$ready" >ready.json
    mkdir -p "$XDG_CONFIG_HOME/xenlab"
    python3 - ready.json >"$XDG_CONFIG_HOME/xenlab/config" <<'END'
import json, sys
ready = json.load(open(sys.argv[1]))
print(f'default = "sim"\n[context.sim]\nhost = "{ready["url"][8:]}"\nuser = "{ready["user"]}"')
print(f'password-file = "{ready["password_file"]}"\npin = "{ready["pin"]}"')
END
}

# sim_control LINE: a control line of the simulator ("fault …", "dead VM"); its answer is dropped.
sim_control() {
    local answer
    echo "$1" >&"${SIM[1]}"
    read -r -t 30 answer <&"${SIM[0]}"
    [[ $answer == *'"ok": true'* ]] || echo "BAD: $answer"
}

# sim_py: runs the Python on standard input, with call(METHOD, PARAMETER...) and one(CLASS, NAME) for
# a reference. Its calls stand in the log as those of others do.
sim_py() {
    { cat "$ROOT/tests/cli/sim_prelude.py" -; } >script.py
    SIM_TESTS=$ROOT/tests/sim python3 script.py
}

# changes: the calls since the last time that change the pool, one a line, sorted; tasks aside.
changes() {
    python3 - calls <<'END'
import json, os, sys
seen = int(open("calls.seen").read()) if os.path.exists("calls.seen") else 0
lines = open(sys.argv[1]).read().splitlines()
open("calls.seen", "w").write(str(len(lines)))
names = [json.loads(line) for line in lines[seen:]]
for name in sorted(call["method"] for call in names if call.get("mutating") and
                   call.get("status") == "Success" and not call["method"].startswith("task.")):
    print(name)
END
}

# nothing_changed: complains about changes since the last look, and forgets them.
nothing_changed() {
    changes | sed 's/^/BAD: it called /'
}
