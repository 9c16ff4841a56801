#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What ./dev test --full runs once everything is installed: every stage, even after one has failed, then
# what ctest said at its end, and a table of results and times. Arguments are passed to each ctest.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
closing='' table='' failed=0

# Two cores that are shared with a build make a process wait for seconds now and then. What fails once and then passes
# is named at the end.
again=(--repeat until-pass:2)

stage() { # NAME COMMAND...
    local name=$1 begin=$SECONDS verdict=ok
    shift
    echo "=== $name: $*"
    if ! "$@" 2>&1 | tee "$logs/stage"; then
        verdict=FAILED
        failed=1
    fi
    table+=$(printf '%-14s %-6s %5d s' "$name" "$verdict" $((SECONDS - begin)))$'\n'
    closing+=$(grep -E '^[0-9]+% tests passed|^Total Test time|^SKIP ' "$logs/stage" | sed "s/^/$name: /")$'\n'
    closing+=$(sed -n 's/.*Test *#[0-9]*: \([^ ]*\) \.*\*\*\*[FTE].*/'"$name"': failed at least once: \1/p' "$logs/stage" | sort -u)$'\n'
}

stage build-dev ./dev build dev
stage test-dev ./dev ctest dev "${again[@]}" "$@"
stage format ./dev format --check
stage build-clang ./dev build clang
# The tools as a whole run in two builds already; here it is what another compiler makes of the library.
stage test-clang ./dev ctest clang "${again[@]}" -LE "full|sim|cli|check" "$@"
stage build-asan ./dev build asan
# What asks for little memory cannot pass there, and Python is not instrumented.
stage test-asan ./dev ctest asan "${again[@]}" -LE "full|sim|check|memory" "$@"
stage build-tsan ./dev build tsan --target thread_tests
stage test-tsan ./dev ctest tsan "${again[@]}" -L threads --no-tests=ignore "$@"
stage build-package ./dev build package
stage install python3 tests/check/install.py build/package
stage package python3 tests/check/package.py build/package
stage library python3 tests/check/library.py build/package

printf '\n%s\n' "$(grep . <<<"$closing")"
printf '\n%stotal %23d s\n' "$table" "$SECONDS"
exit "$failed"
