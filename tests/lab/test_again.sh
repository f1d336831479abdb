#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The command that a run names for a call that was not as expected repeats that call.
source "$(dirname "$0")/lib.sh"

mkdir "$work/my own"
cp "$RTCLAB_SCENARIOS/open/open~open.json" "$work/my own/it's.json"

run_rtclab 1 run "$work/my own/it's.json" open/open~open --modes full,half --repeat 2 \
    --timeout 0.05 --seed 9 --out "$work/run"
claim "each of the calls is told" [ "$(grep -c '^    again ' "$work/stdout")" = 8 ]
claim "with the folder of its record" bash -c \
    'sed -n "s/^    record  //p" "$0" | while IFS= read -r folder; do [ -s "$folder/events.jsonl" ] || exit 1; done' \
    "$work/stdout"

again=$(grep -A4 "^  nice~nice/it's/half/2" "$work/stdout" | sed -n 's/^    again   //p')
is=0
eval "RTCLAB_TEST_MARK=$mark $again --out \"\$work/again\"" >"$work/stdout" 2>"$work/stderr" || is=$?
claim "the command gives the same answer ($again)" [ $is = 1 ]
claim "for this call alone, with its seed" jq -e --slurpfile first "$work/run/results.json" '
    (.calls | length == 1) and (.calls[0] as $call
     | $first[0].calls[] | select(.key == $call.key)
     | .seed == $call.seed and .outcome == $call.outcome and $call.repeat == 2)' \
    "$work/again/results.json"
finish
