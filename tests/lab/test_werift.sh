#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Calls of werift with itself and with libwebrtc, with a data channel, on the virtual clock.
source "$(dirname "$0")/lib.sh"

js=$(dirname "$(realpath "$(dirname "$RTCLAB")/rtclab-peer-werift")")
command -v node >/dev/null || skip "node is not installed; run ./quickstart.sh deps --all"
[ -d "$js/node_modules/werift" ] || skip "werift is not installed; run ./quickstart.sh deps --all"

run_rtclab 0 run interop/open --modes trickle --peers werift --out "$work/media"
claim "werift cannot decode: no audio and video" holds '.calls[0]
    | .outcome == "unsupported" and (.why | contains("cannot do audio"))' "$work/media/results.json"

# adapt NAME JQ: a data channel in the open, and something else.
adapt() {
    jq "$2 | .expect = {\"outcome\": \"connected\"}" "$RTCLAB_SCENARIOS/interop/open-data.json" \
        >"$work/$1.json"
}
adapt echo '.echo = ["data"] | .data_channel = {"binary": true, "ordered": false}'
adapt restart '.restart_ice = true'

# What of udp-blocked~open-data does not work is known (scenarios/interop/known-failures.json).
for pair in werift werift,libwebrtc libwebrtc,werift; do
    out=$work/$pair
    run_rtclab 0 run 'interop/*-data' --peers "$pair" --audit-clock --out "$out"
    claim "$pair: two networks in three modes, on the virtual clock" holds '
        .calls | map(select(.scenario | contains("blocked") | not)) | length == 6 and all(
            .outcome == "connected" and .clock == "virtual" and
            (.phases_ms | [.offerer, .answerer] | all(.channel_open != null)))' "$out/results.json"
    claim "nothing of $pair bypassed the clock" bash -c \
        "cat '$out'/calls/*/*/*/*/*/clock-audit.txt | tee /dev/stderr | wc -l | grep -qx 0"
    run_rtclab 0 run "$work/echo.json" --modes trickle --peers "$pair" --out "$out-echo"
done
# It falls back to TURN over TCP when TURN over UDP is silent.
claim "werift: where no UDP goes out, a call without trickle connects, in 7 s" holds '
    .calls | map(select(.scenario == "interop/udp-blocked~open-data" and .mode != "trickle"))
        | length == 2 and all(.outcome == "connected" and .setup_ms < 8000)' "$work/werift/results.json"
claim "an ICE restart of werift's, with libwebrtc" rtclab run "$work/restart.json" --modes trickle \
    --peers werift,libwebrtc --out "$work/restart"
claim "and of libwebrtc's with werift" rtclab run "$work/restart.json" --modes trickle \
    --peers libwebrtc,werift --out "$work/restarted"
key=werift~werift/interop/port-restricted-cone~symmetric-data/full/1
rerun() {
    local out=$work/rerun-$BASHPID
    for _ in 1 2 3; do
        rtclab run --seed 7 "$key" --out "$out" >/dev/null 2>&1 </dev/null
        jq -c '.calls[0] | [.outcome, .setup_ms, .phases_ms, .counts]' "$out/results.json"
        rm -rf "$out"
    done >"$work/told-$BASHPID"
}
rerun & runners=("$!")
rerun & runners+=("$!")
wait "${runners[@]}"
claim "6 calls with one seed have the same times and counts of packets" \
    test "$(sort "$work"/told-* | uniq -c | grep -c '^ *6 ')" = 1
finish
