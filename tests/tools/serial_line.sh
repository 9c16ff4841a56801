# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the golden tests of serial-cli share: . "$ROOT/tests/tools/serial_line.sh"

# The path of a unix socket is short, that of a scratch folder may not be.
XDG_RUNTIME_DIR=$(mktemp -d -p /tmp)
export XDG_RUNTIME_DIR
LINES_PIDS=()
end_lines() {
    local pid
    for target in "${LINES_TARGETS[@]}"; do serial-cli -t "$target" broker --stop >/dev/null 2>&1 || :; done
    for pid in "${LINES_PIDS[@]}"; do kill "$pid" 2>/dev/null || :; done
    rm -rf "$XDG_RUNTIME_DIR"
}
LINES_TARGETS=()
trap end_lines EXIT

# line [FAULT OPTION...]: a line with an agent on it (tests/tools/serial_line.py); sets $T, the target.
line() {
    line_with "$@" -- serial-agent --port '{}'
    serial-cli -t "$T" --attach-timeout 30s ping >/dev/null # a busy machine may take long to start it
}

# line_with OPTION... [-- COMMAND...]
line_with() {
    # An agent whose line breaks looks for the name again, which is that of the next line now.
    ((${#LINES_PIDS[@]} == 0)) || kill "${LINES_PIDS[-1]}" 2>/dev/null || :
    rm -f "port$$"
    python3 "$ROOT/tests/tools/serial_line.py" --guest guest --tcp-file "port$$" "$@" 2>line.err &
    LINES_PIDS+=($!)
    for _ in $(seq 200); do
        [[ -e port$$ ]] && break
        sleep 0.05
    done
    T=$(cat "port$$")
    LINES_TARGETS+=("$T")
}
