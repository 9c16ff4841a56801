#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# labels: full
# timeout: 180
# An agent that lies (tests/tools/sl1_peer.py, written from xenlab-sl1(7) alone): paths that lead out of the folder, wrong
# checksums, messages that are none, floods, silence. Nothing is written elsewhere, nothing hangs, no code is a success.
. "$LIB"
. "$ROOT/tests/tools/serial_line.sh"
mkdir in
evil() { # METHOD VERB...
    local name=$1 code=0
    shift
    line_with --rate 0 -- python3 "$ROOT/tests/tools/sl1_peer.py" agent '{}' "$name"
    echo "$name:"
    timeout 60 serial-cli -t "$T" --attach-timeout 30s "$@" 2>&1 >out </dev/null || code=$?
    echo "exit $code"
    serial-cli -t "$T" broker --stop
}
for name in parent absolute hidden through_a_link twice zero_byte; do evil "$name" get -r /x in/tree; done
for name in wrong_sum wrong_offset malformed no_end; do evil "$name" get /x in/file; done
evil no_end run -- true
for name in endless_credit stream_in_pieces endless_message; do evil $name run -- true; done
evil silent run --timeout 500ms -- true
evil other_channels run -- true
evil terminal_tricks run -- true
evil impossible_code run -- true
evil impossible_code get /x in/file
find . -name '*evil*'
ls -A in
[[ ! -e /tmp/evil ]] || echo 'BAD: /tmp/evil'
echo "a hostile host:"
line_with --rate 0 -- serial-agent --port '{}'
python3 "$ROOT/tests/tools/sl1_peer.py" host "$T"
serial-cli -t "$T" --attach-timeout 30s run -n -- 'echo "the agent is well"'
