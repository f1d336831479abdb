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

# adapt SCENARIO JQ NAME: an interop scenario with a data channel alone.
adapt() {
    jq "$2 | .negotiate = [\"data\"] | .expect = {\"outcome\": \"connected\"}" \
        "$RTCLAB_SCENARIOS/interop/$1.json" >"$work/$3.json"
}
adapt open . open
adapt 'port-restricted-cone~symmetric' . relayed
adapt 'udp-blocked~open' . blocked
adapt open '.echo = ["data"] | .data_channel = {"binary": true, "ordered": false}' echo
adapt open '.restart_ice = true' restart

for pair in werift werift,libwebrtc libwebrtc,werift; do
    out=$work/$pair
    run_rtclab 0 run "$work/open.json" "$work/relayed.json" --peers "$pair" --audit-clock --out "$out"
    claim "$pair: two networks in three modes, on the virtual clock" holds '
        .calls | length == 6 and all(.outcome == "connected" and .clock == "virtual" and
            (.phases_ms | [.offerer, .answerer] | all(.channel_open != null)))' "$out/results.json"
    claim "nothing of $pair bypassed the clock" bash -c \
        "cat '$out'/calls/*/*/*/*/clock-audit.txt | tee /dev/stderr | wc -l | grep -qx 0"
    run_rtclab 0 run "$work/echo.json" --modes trickle --peers "$pair" --out "$out-echo"
done
claim "an ICE restart of werift's, with libwebrtc" rtclab run "$work/restart.json" --modes trickle \
    --peers werift,libwebrtc --out "$work/restart"
claim "and of libwebrtc's with werift" rtclab run "$work/restart.json" --modes trickle \
    --peers libwebrtc,werift --out "$work/restarted"
# Over TURN over TCP: werift falls back to it when TURN over UDP is silent.
run_rtclab 0 run "$work/blocked.json" --modes half,full --peers werift --out "$work/blocked"

rerun() {
    local out=$work/rerun-$BASHPID
    for _ in 1 2 3; do
        rtclab run --seed 7 "$work/relayed.json" --modes trickle --peers werift --out "$out" \
            >/dev/null 2>&1 </dev/null
        jq -c '.calls[0] | [.outcome, .setup_ms, .phases_ms, .counts]' "$out/results.json"
        sha256sum <"$(echo "$out"/calls/*/*/trickle/1/trace.pcapng)"
        rm -rf "$out"
    done >"$work/told-$BASHPID"
}
rerun & runners=("$!")
rerun & runners+=("$!")
wait "${runners[@]}"
claim "6 calls with one seed are equal to the packet" test "$(sort "$work"/told-* | uniq -c |
    grep -c '^ *6 ')" = 2
finish
