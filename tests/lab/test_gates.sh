#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Regression gates on real calls: what is made worse is caught, by its right kind, words and
# exit status; what is unchanged raises no alarm; an alarm that chance makes is not confirmed.
source "$(dirname "$0")/lib.sh"
gates=$here/../data/gates

# change NAME SED: a copy of the scenarios with one file edited.
change() { # NAME FILE JQ
    mkdir -p "$work/$1"
    cp -r "$RTCLAB_SCENARIOS" "$work/$1/scenarios"
    jq "$3" "$RTCLAB_SCENARIOS/$2" >"$work/$1/scenarios/$2"
    ! cmp -s "$RTCLAB_SCENARIOS/$2" "$work/$1/scenarios/$2"
}

# against NAME STATUS SELECTOR…: a run of the changed scenarios, held against the baseline.
against() {
    run_rtclab "$2" run "${@:3}" --scenarios "$work/$1/scenarios" --baseline "$work/base" \
        --out "$work/$1/out"
    results=$work/$1/out/results.json
}

cone=nat/port-restricted-cone~port-restricted-cone
run_rtclab 0 run --out "$work/base"
claim "each scenario has a digest, and says if there is chance in it" holds \
    '.scenarios | (map(.digest | test("^[0-9a-f]{64}$")) | all) and
     ([to_entries[] | select(.value.has_chance) | .key] == ["link/bursty-loss"])' \
    "$work/base/results.json"

# ---- unchanged ----
run_rtclab 0 run --out "$work/same" --baseline "$work/base"
claim "nothing has changed in an unchanged run" holds \
    '.baseline | .verdict == "pass" and .changes == [] and .notes == [] and .compared == 51' \
    "$work/same/results.json"
claim "which is said" has ": pass; 51 calls compared, 0 regressions" "$work/stdout"
run_rtclab 0 compare "$work/base" "$work/same"
run_rtclab 0 compare "$work/base/results.json" "$work/same/results.json"
run_rtclab 0 run 'open/*' --out "$work/few" --baseline "$work/base"
claim "a run of few scenarios is held against those of the baseline" holds \
    '.baseline | .verdict == "pass" and .compared == 3 and
     ([.changes[].kind] | unique) == ["missing"]' "$work/few/results.json"
claim "which says the others in a line" has "48 calls of the baseline were not made" "$work/stdout"
run_rtclab 6 run stun/dead --out "$work/apart" --baseline "$work/few"
claim "where nothing can be compared, the gate does not pass" has \
    "no call of this run is in the baseline" "$work/stdout"

# ---- a slower STUN server ----
change slower $cone.json '.servers.turn.link.delay_ms = 60'
against slower 4
claim "a slower server is a longer set-up in full" holds \
    '.baseline | .verdict == "regressed" and ([.changes[] | select(.is_regression and
     .kind == "latency" and .mode == "full")] | length == 1)' "$results"
claim "in no other scenario" holds \
    '[.baseline.changes[].scenario] | unique == ["'$cone'"]' "$results"
claim "in words" grep -qE "set-up 2[0-9]{3} ms, was 2[0-9]{3} ms: \+[0-9]+ ms" "$work/stdout"
claim "and how the scenario differs" has "other network or session: $cone" "$work/stdout"
claim "the records part where the request reaches the server, later by the delay added" holds \
    '[.baseline.changes[].divergence | select(.what == "late" and .after_ms - .before_ms == 55)
      | .before | test("packet 3 at turn.*198.51.100.1 > 203.0.113.10:3478 Allocate request")]
     | length >= 1 and all' "$results"
run_rtclab 4 compare "$work/base" "$work/slower/out"
claim "compare says the same" has "regressed; 51 calls compared" "$work/stdout"
run_rtclab 4 compare "$work/base" "$work/slower/out" --json
claim "and gives programs what results.json has" cmp <(jq -S .changes "$work/stdout") \
    <(jq -S .baseline.changes "$results")
run_rtclab 0 compare "$work/slower/out" "$work/base"
claim "what became faster is told and no regression" grep -qE "set-up .*: -[0-9]+ ms" "$work/stdout"
run_rtclab 4 compare "$work/base" "$work/slower/out" --min-effect 50,500
claim "with a greater least effect only the packets are left" has "  counts" "$work/stdout"
claim "and no set-up" bash -c '! grep -q latency "$0"' "$work/stdout"

# ---- a NAT made symmetric ----
change symmetric $cone.json '(.sites[].middleboxes[0].nat) = "symmetric"'
against symmetric 1 $cone
claim "a NAT made symmetric fails the expectation" holds \
    '.baseline | .verdict == "failed" and ([.changes[] | select(.is_regression)
     | .kind] | unique == ["expectation"]) and ([.changes[] | select(.is_regression)] | length == 3)' "$results"
claim "in words" has "was connected, srflx~srflx udp" "$work/stdout"
# without an expectation of the pair a relay is still worse than none
mkdir -p "$work/lenient"
jq 'del(.expect.selected)' "$RTCLAB_SCENARIOS/$cone.json" >"$work/lenient/cone.json"
run_rtclab 0 run "$work/lenient/cone.json" --out "$work/lenient/base"
jq '(.sites[].middleboxes[0].nat) = "symmetric"' "$work/lenient/cone.json" >"$work/lenient/new"
mv "$work/lenient/new" "$work/lenient/cone.json"
run_rtclab 1 run "$work/lenient/cone.json" --out "$work/lenient/out" --baseline "$work/lenient/base"
claim "a relay where there was none is a worse outcome" holds \
    '.baseline | .verdict == "failed" and ([.changes[] | select(.is_regression) | .kind]
     | unique == ["outcome"])' "$work/lenient/out/results.json"

# ---- one more round trip ----
change round open/open~open.json '.signaling.delay_ms += 40'
against round 4 'open/open~open'
claim "a round trip more is a longer set-up in all modes" holds \
    '[.baseline.changes[] | select(.is_regression and .kind == "latency") | .mode]
     == ["trickle", "half", "full"]' "$results"
claim "and its part is named" has "signalling (+" "$work/stdout"


# ---- chance: other seeds ----
chance=("$gates/loss.json" "$gates/jitter.json" --modes "trickle,full" --repeat 10)
run_rtclab 0 run "${chance[@]}" --seed 1 --out "$work/chance-1"
# A seed may have a call in it that fails, which is the run's own exit status, and no alarm.
n=${GATES_RUNS:-10} alarms=0 verdicts=()
for seed in $(seq 2 $((n + 1))); do
    rtclab run "${chance[@]}" --seed "$seed" --out "$work/chance-$seed" \
        --baseline "$work/chance-1" >"$work/stdout" 2>"$work/stderr" </dev/null
    verdicts+=("$(jq -r .baseline.verdict "$work/chance-$seed/results.json")")
    case ${verdicts[-1]} in pass | inconclusive) ;; *) alarms=$((alarms + 1)) ;; esac
done
echo "verdicts: ${verdicts[*]}"
claim "$n runs with loss, jitter and other seeds raise no alarm" [ "$alarms" = 0 ]
claim "they are compared by their repeats" has "the seed is 2, was 1" <(jq -r '.baseline.notes[]' "$work/chance-2/results.json")
mkdir "$work/worse"
for file in "$gates"/{loss,jitter}.json; do
    jq '.signaling.delay_ms += 400' "$file" >"$work/worse/$(basename "$file")"
done
run_rtclab 4 run "$work/worse/loss.json" "$work/worse/jitter.json" --modes trickle,full --repeat 10 --seed 77 --out "$work/worse/out" \
    --baseline "$work/chance-1"
claim "a regression under chance is found by its repeats and confirmed by fresh calls" holds \
    '[.baseline.changes[] | select(.is_regression and .kind == "latency")
      | .shift_ms > 300 and .p_value <= 0.01 and .confirmation.is_confirmed] | length >= 3 and all' \
    "$work/worse/out/results.json"
claim "which are records of their own" [ -s "$work/worse/out/again/results.json" ]
run_rtclab 6 run "$gates/loss.json" --modes trickle --seed 5 --out "$work/single" --baseline "$work/chance-1"
claim "one call with another seed proves nothing, and how many would is said" \
    grep -qE "too few to tell: repeat [0-9]+" "$work/stdout"

# ---- the wall clock ----
wall() { run_rtclab "$1" run 'open/open~open' --modes trickle --clock wall --out "$work/$2" "${@:3}"; }
wall 0 wall-1
wall 6 wall-2 --baseline "$work/wall-1"
claim "a single call on the wall clock is not enough" has "repeat" "$work/stdout"
wall 0 wall-8 --repeat 12
wall 0 wall-same --repeat 12 --baseline "$work/wall-8" --margin 30
claim "twelve are" holds '.baseline.verdict == "pass"' "$work/wall-same/results.json"
run_rtclab 4 run 'open/open~open' --modes trickle --clock wall --repeat 12 --out "$work/wall-slow" \
    --scenarios "$work/round/scenarios" --baseline "$work/wall-8" --margin 30
claim "a regression on the wall clock is confirmed by calls made afresh" holds \
    '[.baseline.changes[] | select(.is_regression)] | length == 1 and
     (.[0] | .kind == "latency" and .confirmation.is_confirmed and .p_value <= 0.01)' \
    "$work/wall-slow/results.json"

# ---- judge, ratchet ----
run_rtclab 4 judge "$work/slower/out" --baseline "$work/base"
run_rtclab 0 judge "$work/slower/out" --baseline "$work/slower/out"
claim "judge replaces the comparison" holds '.baseline.verdict == "pass"' "$work/slower/out/results.json"
run_rtclab 0 ratchet "$work/symmetric/out" -o "$work/known-failures.json"
claim "a ratchet begins a file with what fails" holds \
    '.known_failures | length >= 1 and (map(.scenario == "'$cone'" and .outcome == "connected"
     and (.why | test("must be srflx~srflx"))) | all)' "$work/known-failures.json"
run_rtclab 0 check "$work/known-failures.json"
run_rtclab 0 run $cone --scenarios "$work/symmetric/scenarios" --known "$work/known-failures.json" --out "$work/known"
run_rtclab 0 judge "$work/symmetric/out" --known "$work/known-failures.json" --baseline "$work/symmetric/out"
run_rtclab 0 ratchet "$work/known" --known "$work/known-failures.json" -o "$work/known-failures.json"
claim "what still fails stays" holds '.known_failures | length >= 1' "$work/known-failures.json"
run_rtclab 0 ratchet "$work/same" --known "$work/known-failures.json" -o "$work/known-failures.json"
claim "what passes leaves the file" holds '.known_failures == []' "$work/known-failures.json"
run_rtclab 1 ratchet "$work/symmetric/out" --known "$work/known-failures.json" -o "$work/known-failures.json"
claim "and does not come back by itself" holds '.known_failures == []' "$work/known-failures.json"
claim "but is told" has "a new failure" "$work/stderr"
run_rtclab 0 ratchet "$work/symmetric/out" --known "$work/known-failures.json" --add -o "$work/known-failures.json"
claim "only when asked" holds '.known_failures | length >= 1' "$work/known-failures.json"

"$RTCLAB" check --schema results >"$work/schema.json"
for run in same slower/out symmetric/out worse/out wall-2 wall-slow; do
    claim "the results of $run are what their schema says" \
        fits "$work/schema.json" "$work/$run/results.json"
done

run_rtclab 2 run --baseline "$work/nowhere" --out "$work/none"
claim "a baseline that is not there is a mistake, before a call is made" [ ! -e "$work/none" ]
run_rtclab 2 compare "$work/base" "$work/known-failures.json"
finish
