#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Traces and samples of real calls.
source "$(dirname "$0")/lib.sh"

# True if a trace follows the format's rules.
follows() {
    jq -r -f "$here/trace.jq" "$1" >"$work/wrong" && [ ! -s "$work/wrong" ] || { head "$work/wrong"; return 1; }
}

run_rtclab 0 run nat/symmetric~symmetric nat/hairpin stun/dead link/bursty-loss tcp/open~open --out "$work/run"
results=$work/run/results.json
n=0
for key in $(jq -r '.calls[].key' "$results"); do
    run_rtclab 0 export "$work/run" "$key" --trace "$work/$n.json"
    claim "its trace follows the rules" follows "$work/$n.json"
    n=$((n + 1))
done
claim "each call has one" test "$n" = "$(jq '.calls | length' "$results")"

trace=$work/0.json
record=$work/run/calls/$(jq -r '.calls[0].key' "$results")
claim "the set-up is that of the results" test \
    "$(jq '.traceEvents[] | select(.name == "set-up" and .ph == "X") | .dur / 1000' "$trace")" = \
    "$(jq '.calls[0].setup_ms' "$results")"
claim "the parts of it follow one another and sum to it" test \
    "$(jq '[.traceEvents[] | select(.ph == "X" and (.args | has("frames"))) | .dur] | add / 1000' "$trace")" = \
    "$(jq '.calls[0].setup_ms' "$results")"
claim "each packet of the capture is a slice" test \
    "$(jq '[.traceEvents[] | select(.cat == "wire" and .ph == "X")] | length' "$trace")" = \
    "$(tshark -r "$record/trace.pcapng" -T fields -e frame.number 2>/dev/null | wc -l)"
claim "each mapping is one" test \
    "$(jq '[.traceEvents[] | select(.cat == "network" and .ph == "X")] | length' "$trace")" = \
    "$(grep -c nat.mapping-created "$record/events.jsonl")"
claim "what was dropped is an instant of who did it" test \
    "$(jq '[.traceEvents[] | select(.cat == "network" and .ph == "i")] | length' "$trace")" = \
    "$(grep -c packet.dropped "$record/events.jsonl")"
claim "packets flow to the other peer" holds '[.traceEvents[] | select(.ph == "f")] | length > 20' "$trace"

# Rules that can be broken are.
jq '(.traceEvents[] | select(.name == "set-up" and .ph == "X")).dur = 0' "$trace" >"$work/broken.json"
claim "a trace that breaks a rule is noticed" bash -c '[ -n "$(jq -r -f "$1" "$2")" ]' - "$here/trace.jq" "$work/broken.json"

rm "$record/timeline.json"
run_rtclab 0 export "$work/run" "$(jq -r '.calls[0].key' "$results")" --trace "$work/again.json"
claim "without a timeline.json the same comes of the record" cmp "$trace" "$work/again.json"

# ---- samples

run_rtclab 0 export "$work/run" --csv -
cp "$work/stdout" "$work/out.csv"
run_rtclab 0 export "$work/run" --csv "$work/file.csv"
claim "standard output gets the same" cmp "$work/out.csv" "$work/file.csv"
claim "python reads a row a call, and the set-up times of the results" python3 - "$work/file.csv" "$results" <<'P'
import csv, json, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="")))
calls = json.load(open(sys.argv[2]))["calls"]
assert [r["key"] for r in rows] == [c["key"] for c in calls]
assert [float(r["setup_ms"]) if r["setup_ms"] else None for r in rows] == [c["setup_ms"] for c in calls]
assert all(None not in r and None not in r.values() for r in rows)
assert all(float(r["cost_call_ms"]) > 0 for r in rows)
P
run_rtclab 2 export "$work/run"
run_rtclab 2 export "$work/run" --trace -
run_rtclab 2 export "$work/run" nice~nice/no/such/1 --trace -
claim "a call that is not there is told" has "has no call nice~nice/no/such/1" "$work/stderr"
run_rtclab 2 export "$work" --csv -
run_rtclab 3 export "$work/run" --csv /no/such/folder/x.csv
finish
