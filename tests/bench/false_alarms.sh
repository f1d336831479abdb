#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How often does an unchanged program raise an alarm? Makes a baseline, then run after run
# of the same calls with other seeds, each held against it, and prints what came of them.
#
#   RTCLAB=build/bin/rtclab tests/bench/false_alarms.sh [RUNS [REPEAT [CLOCK]]]
set -uo pipefail
: "${RTCLAB:?set RTCLAB to the program to measure}"
runs=${1:-200} repeat=${2:-10} clock=${3:-virtual}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
scenarios=$here/../data/gates
work=$(mktemp -d "${TMPDIR:-/tmp}/rtclab-alarms.XXXXXX")
trap 'rm -rf "$work"' EXIT

make_run() { # FOLDER SEED OPTION...
    "$RTCLAB" run "$scenarios" --modes trickle,full --repeat "$repeat" --clock "$clock" \
        --out "$1" --seed "$2" "${@:3}" >"$work/stdout" 2>"$work/stderr" </dev/null
    [ -s "$1/results.json" ] || { cat "$work/stderr"; exit 3; }
}

make_run "$work/baseline" 1
for run in $(seq "$runs"); do
    # On the wall clock one seed gives pairs, and what differs is the machine.
    [ "$clock" = wall ] && seed=1 || seed=$((run + 1))
    make_run "$work/run" "$seed" --baseline "$work/baseline"
    jq -c '{verdict: .baseline.verdict,
            suspicions: ([.baseline.changes[] | select(.is_suspicion)] | length),
            alarms: ([.baseline.changes[] | select(.is_regression)] | length),
            calls: (.calls | length),
            differ: ([.baseline.changes[] | select(.is_regression) | .text])}' \
        "$work/run/results.json" >>"$work/verdicts"
    rm -rf "$work/run"
done
jq -s --arg clock "$clock" --arg repeat "$repeat" '{clock: $clock, repeat: $repeat, runs: length,
    calls: (map(.calls) | add),
    runs_with_an_alarm: (map(select(.alarms > 0)) | length),
    runs_with_a_suspicion: (map(select(.suspicions > 0)) | length),
    verdicts: (group_by(.verdict) | map({key: .[0].verdict, value: length}) | from_entries),
    alarms: (map(.differ[]) )}' "$work/verdicts"
[ "$(jq -s 'map(.alarms) | add' "$work/verdicts")" = 0 ]
