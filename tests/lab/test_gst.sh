#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Calls between webrtcbins: audio, video and data, on the virtual clock.
source "$(dirname "$0")/lib.sh"

[ -x "$(dirname "$RTCLAB")/rtclab-peer-gst" ] || skip "rtclab-peer-gst was not built"
scenarios=(interop/open 'interop/port-restricted-cone~symmetric' 'interop/udp-blocked~open')

run_rtclab 0 run "${scenarios[@]}" --peers gst --audit-clock --out "$work/run"
results=$work/run/results.json
claim "gst~gst: three networks in three modes, as expected, on the virtual clock" holds '
    .calls | length == 9 and all(.as_expected and .clock == "virtual")' "$results"
claim "each saw DTLS, a data channel and media" holds '
    all(.calls[]; .phases_ms | [.offerer, .answerer] | all(
        .dtls_connected != null and .channel_open != null and .first_media != null))' "$results"
events=("$work"/run/calls/gst~gst/interop/*/*/1/events.jsonl)
claim "the first audio and video frames came in both directions" bash -c '
    for file; do
        jq -s -e "[.[] | select(.kind == \"peer.first-media\") | .src + \" \" + .data.media] | sort ==
            [\"answerer audio\", \"answerer video\", \"offerer audio\", \"offerer video\"]" "$file" || exit
    done' - "${events[@]}"
claim "signaling states are those of JSEP, in order" bash -c '
    for file; do
        jq -s -e "[.[] | select(.kind == \"peer.signaling-state\" and .src == \"offerer\") | .data.state]
            == [\"have-local-offer\", \"stable\"]" "$file" || exit
    done' - "${events[@]}"
claim "nothing of webrtcbin bypassed the clock" bash -c \
    "cat '$work'/run/calls/*/*/*/*/*/clock-audit.txt | tee /dev/stderr | wc -l | grep -qx 0"

run_rtclab 0 run interop/open --modes trickle --out "$work/nice"
claim "libnice has no media: unsupported" holds '.calls[0]
    | .outcome == "unsupported" and (.why | contains("cannot do audio"))' "$work/nice/results.json"
run_rtclab 0 run open/open~open nat/hairpin stun/dead --peers gst --out "$work/data"
claim "a data channel alone will do where nothing else is asked for" holds '
    all(.calls[]; .as_expected)' "$work/data/results.json"

# ---- what is not there, and what it cannot do

export GST_PLUGIN_SYSTEM_PATH_1_0=$work/none GST_REGISTRY=$work/registry
run_rtclab 0 run open/open~open --modes trickle --peers gst --out "$work/bare"
claim "without GStreamer's plugins: unsupported, with the command that installs them" holds '.calls[0]
    | .outcome == "unsupported" and (.why | contains("webrtcbin is not installed; try: ./quickstart.sh deps --all"))' \
    "$work/bare/results.json"
unset GST_PLUGIN_SYSTEM_PATH_1_0 GST_REGISTRY

configured() { # keys of configure; what the peer answers
    printf '{"type":"configure","role":"offerer",%s}\n' "$1" |
        python3 "$here/talk_to_peer.py" "$(dirname "$RTCLAB")/rtclab-peer-gst"
}
if command -v python3 >/dev/null; then
    claim "to send media back is not silently left undone" bash -c '
        grep -q "\"unsupported\".*does not send received media back" && ! grep -q "\"done\""' <<<"$(
        configured '"negotiate":["audio"],"echo":["audio"]')"
    claim "nor is TURN over TLS" grep -q 'turns:192.0.2.1: libnice has no TURN over TLS' <<<"$(
        configured '"iceServers":[{"urls":"turns:192.0.2.1","username":"u","credential":"p"}]')"
else
    echo "left out: python3 is not installed"
fi

# One seed, 20 calls, two at a time: webrtcbin sends COOKIE-ACK and DATA_CHANNEL_OPEN in one
# packet, or in two at the same instant (harness/peer/README.md).
key=gst~gst/open/open~open/trickle/1
rerun() { # how often
    local out=$work/rerun-$BASHPID
    for _ in $(seq "$1"); do
        rtclab run --seed 7 --peers gst "$key" --out "$out" >/dev/null 2>&1 </dev/null
        jq -c '.calls[0] | [.setup_ms, .counts.packets, .counts.stun_requests, .phases_ms]' "$out/results.json"
        rm -rf "$out"
    done >"$work/digests-$BASHPID"
}
rerun 10 & runners=("$!")
rerun 10 & runners+=("$!")
wait "${runners[@]}"
sort "$work"/digests-* | uniq -c
claim "20 calls with one seed are recorded" test "$(cat "$work"/digests-* | wc -l)" = 20
claim "and have the same times, and at most a packet more on each side" bash -c '
    cat "$1"/digests-* | jq -se "(map(del(.[1])) | unique | length == 1)
        and (map(.[1]) | max - min <= 2)"' - "$work"
finish
