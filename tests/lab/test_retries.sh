#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A call on the wall clock that is not as expected is made again, and every report says so;
# on the virtual clock nothing is.
source "$(dirname "$0")/lib.sh"
open=open/open~open
bin=$(dirname "$RTCLAB")

# A peer that ends at once the first times that it is started for a call.
cat >"$work/shy" <<S
#!/bin/bash
printf x >>"$work/starts"
[ "\$(wc -c <"$work/starts")" -gt "\$(cat "$work/failures")" ] || { echo "not yet"; exit 9; }
exec $bin/rtclab-peer-nice
S
chmod +x "$work/shy"

run_shy() { # exit status, failures, folder, more arguments
    local wanted=$1 folder=$3
    echo "$2" >"$work/failures"
    rm -f "$work/starts"
    shift 3
    run_rtclab "$wanted" run $open --modes trickle --peers "$work/shy,nice" --out "$work/$folder" "$@"
}
starts() {
    [ "$(wc -c <"$work/starts")" = "$1" ]
}

run_shy 0 0 good --clock wall
claim "a call that is as expected has one attempt, and nothing says otherwise" holds '
    .calls[0] | .as_expected and (has("attempts") or has("flaky") or has("failed_attempts") | not)' \
    "$work/good/results.json"

run_shy 0 1 flaky --clock wall
results=$work/flaky/results.json
folder=$work/flaky/calls/shy~nice/$open/trickle/1
claim "a peer that fails once: the call is flaky, as expected, and was made twice" holds '
    .calls | length == 1 and (.[0] | .flaky and .as_expected and .attempts == 2
    and .outcome == "connected" and .why == "" and .setup_ms > 0)' "$results"
claim "what the first attempt came to is kept" holds '.calls[0].failed_attempts
    | length == 1 and (.[0] | .outcome == "error" and (.why | contains("exited with 9"))
    and .folder == "calls/shy~nice/open/open~open/trickle/1/attempt-1")' "$results"
claim "so is its record" has "not yet" "$folder/attempt-1/offerer.log"
claim "with what crossed the network" test -s "$folder/attempt-1/trace.pcapng"
claim "the record of the second is the call's" grep -q peer.selected-pair "$folder/events.jsonl"
claim "the first one's has none of it" bash -c '! grep -q peer.selected-pair "$1"' - \
    "$folder/attempt-1/events.jsonl"
claim "the peer was started twice" starts 2
claim "the table says it" has "(flaky)" "$work/stdout"
claim "and why" grep -q 'attempt 1 .*exited with 9' "$work/stdout"
claim "junit.xml says it" has "<flakyError message=" "$work/flaky/junit.xml"
claim "results.tap says it" has "failed_attempts:" "$work/flaky/results.tap"
claim "where it is ok" grep -q '^ok 1 ' "$work/flaky/results.tap"
claim "summary.md says it" has "### Flaky" "$work/flaky/summary.md"
rtclab check --schema results >"$work/results.schema"
claim "results.json fits its schema" fits "$work/results.schema" "$results"

run_shy 0 2 twice --clock wall
claim "two retries are made" holds '.calls[0] | .flaky and .attempts == 3' "$work/twice/results.json"
claim "each has its record" test -s "$work/twice/calls/shy~nice/$open/trickle/1/attempt-2/events.jsonl"

run_shy 3 9 never --clock wall
claim "a third is not: the call stays what it is" holds '
    .calls[0] | .attempts == 3 and .outcome == "error" and (.as_expected or has("flaky") | not)
    and (.failed_attempts | length == 2)' "$work/never/results.json"
claim "three starts" starts 3
claim "junit.xml has the attempts as reruns" has "<rerunError message=" "$work/never/junit.xml"

run_shy 3 1 off --clock wall --retries 0
claim "--retries 0: none" holds '.calls[0] | has("attempts") | not' "$work/off/results.json"
claim "one start" starts 1
run_shy 0 4 more --clock wall --retries 4
claim "--retries 4: four" holds '.calls[0] | .flaky and .attempts == 5' "$work/more/results.json"

# What fails as it is known to is not made again.
cat >"$work/known.json" <<'J'
{"known_failures": [{"offerer": "shy", "answerer": "nice", "scenario": "open/*",
    "outcome": "error", "why": "exited with 9", "reason": "it is shy"}]}
J
run_shy 0 9 known --clock wall --known "$work/known.json"
claim "a known failure is made once" starts 1

# ---- the virtual clock

run_shy 3 1 virtual
claim "on the virtual clock nothing is made again" holds '
    .calls[0] | .clock == "virtual" and .outcome == "error" and (has("attempts") | not)' \
    "$work/virtual/results.json"
claim "one start there" starts 1

run_rtclab 2 run $open --retries -1
claim "retries are a number" has "--retries must be a whole number from 0 to 10" "$work/stderr"
claim "nothing is left" nothing_is_left
finish
