#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Calls of libwebrtc in Node, with itself and with webrtcbin, on the virtual clock.
source "$(dirname "$0")/lib.sh"

peers=$(dirname "$RTCLAB")
js=$(dirname "$(realpath "$peers/rtclab-peer-libwebrtc")")
command -v node >/dev/null || skip "node is not installed; run ./quickstart.sh deps --all"

# Without its stack a peer says what to do.
mkdir "$work/js" && cp "$js"/*.js "$work/js"
for stack in libwebrtc werift; do
    run_rtclab 0 run interop/open --modes trickle --peers "$work/js/$stack.js" --out "$work/no-$stack"
    claim "$stack is not installed: unsupported, with the command that installs it" holds '.calls[0]
        | .outcome == "unsupported" and (.why | contains("./quickstart.sh deps --all"))' \
        "$work/no-$stack/results.json"
done
[ -d "$js/node_modules/@roamhq/wrtc" ] || skip "libwebrtc is not installed; run ./quickstart.sh deps --all"

all_came='(.phases_ms | [.offerer, .answerer] | all(
    .dtls_connected != null and .channel_open != null and .first_media != null))'
# calls_connect OFFERER,ANSWERER: three networks in three modes.
calls_connect() {
    local pair=$1 out=$work/$1
    run_rtclab 0 run interop/open 'interop/port-restricted-cone~symmetric' 'interop/udp-blocked~open' \
        --peers "$pair" --audit-clock --out "$out"
    claim "$pair: three networks in three modes, with audio, video and data, on the virtual clock" \
        holds ".calls | length == 9 and all(.as_expected and .clock == \"virtual\") and (map($all_came) | all)" \
        "$out/results.json"
    claim "nothing of $pair bypassed the clock" bash -c \
        "cat '$out'/calls/*/*/*/*/*/clock-audit.txt | tee /dev/stderr | wc -l | grep -qx 0"
}

calls_connect libwebrtc
claim "the first audio and video frames came in both directions" bash -c '
    for file; do
        jq -s -e "[.[] | select(.kind == \"peer.first-media\") | .src + \" \" + .data.media] | sort ==
            [\"answerer audio\", \"answerer video\", \"offerer audio\", \"offerer video\"]" "$file" || exit
    done' - "$work"/libwebrtc/calls/*/*/*/*/1/events.jsonl
claim "each told its statistics at the end" bash -c '
    for file; do
        jq -s -e "[.[] | select(.kind == \"peer.stats\") | [.data.stats[].type]] | length == 2 and all(
            contains([\"inbound-rtp\", \"outbound-rtp\", \"transport\", \"data-channel\"]))" "$file" || exit
    done' - "$work"/libwebrtc/calls/*/*/*/*/1/events.jsonl
# Its gathering ends when it has given up TURN over UDP.
run_rtclab 0 run 'interop/udp-blocked~open-data' --modes half --peers libwebrtc --timeout 60 --out "$work/late"
claim "where TURN over UDP is silent a call without trickle connects, after 40 s" holds '.calls[0]
    | .outcome == "connected" and .setup_ms > 39750 and .setup_ms < 41000' "$work/late/results.json"

if [ -x "$peers/rtclab-peer-gst" ]; then
    calls_connect gst,libwebrtc
    calls_connect libwebrtc,gst
else
    echo "left out: webrtcbin was not built"
fi

# What a scenario can ask for besides.
ask() {
    jq "$2 | .expect = {\"outcome\": \"connected\"}" "$RTCLAB_SCENARIOS/interop/open.json" >"$work/$1.json"
}
ask restart '.restart_ice = true'
ask echo '.echo = ["data", "audio", "video"] | .data_channel = {"binary": true, "ordered": false}'
ask one-way '.direction = "recvonly" | .bundle_policy = "max-compat"'
run_rtclab 0 run "$work"/{restart,echo,one-way}.json tcp/open~open turn/wrong-credentials nat/hairpin \
    --modes trickle --peers libwebrtc --out "$work/asked"
claim "an ICE restart, an echo of all, one way, ICE over TCP: as expected" holds '
    .calls | length == 6 and all(.as_expected)' "$work/asked/results.json"
claim "a TURN server that refuses is told with its code" grep -q \
    '"peer.candidate-error".*"errorCode":401' "$work"/asked/calls/*/turn/wrong-credentials/trickle/1/events.jsonl

# One seed, one call.
key=libwebrtc~libwebrtc/interop/open/trickle/1
rerun() {
    local out=$work/rerun-$BASHPID
    for _ in $(seq 10); do
        rtclab run --seed 7 "$key" --out "$out" >/dev/null 2>&1 </dev/null
        jq -c '.calls[0] | [.outcome, .setup_ms, .phases_ms, .counts]' "$out/results.json"
        rm -rf "$out"
    done >"$work/told-$BASHPID"
}
rerun & runners=("$!")
rerun & runners+=("$!")
wait "${runners[@]}"
claim "20 calls with one seed are made, two at a time" test "$(cat "$work"/told-* | wc -l)" = 20
claim "all have the same set-up time, phases and counts of packets" \
    test "$(sort -u "$work"/told-* | tee "$work/claim.log" | wc -l)" = 1
sort "$work"/told-* | uniq -c

claim "without a contract it says what starts it" bash -c \
    "env -u RTCLAB_FD '$peers/rtclab-peer-libwebrtc' 2>&1 | grep -q 'rtclab run'"
finish
