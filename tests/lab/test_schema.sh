#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a run writes is what the schemas say, to the last key.
source "$(dirname "$0")/lib.sh"

does_not_fit() { # schema, file, what the error must hold
    ! fits "$1" "$2" >"$work/misfit" && grep -qF "$3" "$work/misfit"
}

for kind in events results; do
    rtclab check --schema $kind >"$work/$kind.schema"
    claim "the schema of $kind is JSON" jq -e .type "$work/$kind.schema"
done

# A call that connects, one that fails, and one that ends before it begins.
run_rtclab 0 run nat/symmetric~symmetric turn/wrong-credentials stun/dead --modes trickle,full --out "$work/run"
run_rtclab 3 run open/open~open --modes half --peers /bin/true --out "$work/error"
for run in run error; do
    claim "$run: results.json fits" fits "$work/results.schema" "$work/$run/results.json"
    cat "$work/$run"/calls/*/*/*/*/*/events.jsonl >"$work/$run.jsonl"
    claim "$run: there are events" [ -s "$work/$run.jsonl" ]
    claim "$run: each event fits" fits "$work/events.schema" "$work/$run.jsonl"
done

# The checker sees what does not fit.
jq '.calls[0].extra = 1' "$work/run/results.json" >"$work/extra"
claim "a key that the schema does not know is seen" \
    does_not_fit "$work/results.schema" "$work/extra" "/calls/0/extra: is unknown"
jq 'del(.calls[1].phases_ms)' "$work/run/results.json" >"$work/missing"
claim "a key that is missing is seen" \
    does_not_fit "$work/results.schema" "$work/missing" "/calls/1/phases_ms: must be there"
jq '.calls[0].outcome = "conected"' "$work/run/results.json" >"$work/word"
claim "an outcome that is none is seen" \
    does_not_fit "$work/results.schema" "$work/word" "/calls/0/outcome: must be one of"
jq '.calls[0].selected.offerer.local = 1' "$work/run/results.json" >"$work/type"
claim "a value of another type is seen" \
    does_not_fit "$work/results.schema" "$work/type" "/calls/0/selected: fits none"
echo '{"t_us":0,"src":"offerer","kind":"peer.candidat","data":{}}' >"$work/kind"
claim "a kind of event that is none is seen" \
    does_not_fit "$work/events.schema" "$work/kind" "/kind: fits none"
finish
