#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a scenario asks of its peers beyond a connection, and how a call ends when a peer
# cannot, breaks down or gets nonsense.
source "$(dirname "$0")/lib.sh"

peer() { # name, script on standard input
    cat >"$work/$1"
    chmod +x "$work/$1"
}
events_of() { # run of one call
    find "$work/$1" -name events.jsonl
}

# ---- libnice

run_rtclab 0 run session/ice-restart --modes trickle --out "$work/restart"
claim "an ICE restart: a new pair, and its time" holds \
    '.calls[0].ice_restart_ms > 40 and .calls[0].ice_restart_ms < 1000' "$work/restart/results.json"
claim "both made descriptions with new credentials" bash -c 'jq -se "
    [.[] | select(.kind == \"signal.sent\" and .data.sdp)
     | {src, ufrag: (.data.sdp | capture(\"a=ice-ufrag:(?<it>[^\\r\\n]+)\").it)}]
    | group_by(.src) | length == 2 and all(length == 2 and (map(.ufrag) | unique | length == 2))" "$0"' \
    "$(events_of restart)"
claim "and new data came over it, both ways" bash -c 'jq -se "
    [.[] | select(.kind == \"peer.message\") | [.src, .data.data]] | unique | group_by(.[0])
    | length == 2 and all(length == 2)" "$0"' "$(events_of restart)"

run_rtclab 0 run session/unordered-echo --modes full --out "$work/echo"
claim "bytes come, and come back as they were" bash -c 'jq -se "
    [.[] | select(.kind == \"peer.message\") | .data.data_hex] | unique | length == 1 and .[0] != null" "$0"' \
    "$(events_of echo)"

jq '.duration_ms = 4000' "$RTCLAB_SCENARIOS/open/open~open.json" >"$work/long.json"
run_rtclab 0 run "$work/long.json" --modes trickle --out "$work/long"
claim "a call goes on for as long as it is to" bash -c 'jq -se "
    ([.[] | select(.kind == \"call.ended\")][0].t_us) -
    ([.[] | select(.kind == \"peer.message\")] | last.t_us) >= 4000000" "$0"' "$(events_of long)"

# ---- peers that break down

hello='{"type":"hello","contract":1,"stack":"x","version":"1","capabilities":["trickle","data","relay","restart-ice"]}'
nice=$(dirname "$RTCLAB")/rtclab-peer-nice

peer missing <<'S'
#!/bin/sh
echo '{"type":"unsupported","what":"x is not installed; run ./install-x"}' >&3
S
run_rtclab 0 run "$work/long.json" --modes trickle --peers "$work/missing,nice" --out "$work/missing-run"
claim "a stack that is not installed: unsupported, and what to do" holds \
    '.calls[0].outcome == "unsupported" and (.calls[0].why | contains("run ./install-x"))' "$work/missing-run/results.json"

# After a while of a call that is up.
peer dies <<S
#!/bin/bash
"$nice" &
child=\$!
exec 3>&-
sleep 1.5
kill -9 \$child
exit 7
S
jq '.duration_ms = 4000 | .clock = "wall"' "$RTCLAB_SCENARIOS/open/open~open.json" >"$work/wall.json"
run_rtclab 3 run "$work/wall.json" --modes trickle --retries 0 --peers "nice,$work/dies" --out "$work/dies-run"
claim "a peer that dies in the middle of a call: an error that says how" holds \
    '.calls[0].outcome == "error" and (.calls[0].why | test("answerer .*7"))' "$work/dies-run/results.json"
claim "and the record is whole" bash -c 'jq -se "map(.kind)
    | index(\"peer.exited\") and index(\"call.ended\")" "$0" && [ "$(tail -c 1 "$0" | wc -l)" = 1 ]' "$(events_of dies-run)"
if command -v tshark >/dev/null; then
    claim "with its capture" bash -c '! tshark -r "${0%/*}/trace.pcapng" 2>&1 >/dev/null | grep -i "cut short\|appears"' \
        "$(events_of dies-run)"
    claim "which has packets" test "$(tshark -r "$(dirname "$(events_of dies-run)")/trace.pcapng" 2>/dev/null | wc -l)" -gt 10
fi

peer refuses <<S
#!/bin/sh
echo '$hello' >&3
read -r configure <&3
echo '{"type":"event","kind":"peer.connection-state","data":{"state":"failed","reason":"no such thing as a \\\\"<b>m-line</b>"}}' >&3
exec sleep 1000
S
run_rtclab 1 run "$work/long.json" --modes trickle --peers "$work/refuses" --timeout 15 --out "$work/refuses-run"
claim "the stack's own words are why" holds '.calls[0].outcome == "failed" and
    (.calls[0].why | contains("no such thing as a \"<b>m-line</b>"))' "$work/refuses-run/results.json"

# ---- webrtcbin

if ! [ -x "$(dirname "$RTCLAB")/rtclab-peer-gst" ]; then
    echo "left out: rtclab-peer-gst was not built"
    finish
    exit
fi

run_rtclab 0 run media/one-way media/receive-only session/max-compat session/unordered-echo \
    --modes trickle --peers gst --out "$work/gst"
results=$work/gst/results.json
claim "one way: only who gets media has decoded frames" holds '
    .calls | map({key: .scenario, value: .media}) | from_entries
    | (.["media/one-way"] | .answerer.video.frames_decoded > 100 and .offerer.video.frames_decoded == null
        and .offerer.audio.packets_sent > 400)
    and (.["media/receive-only"] | .offerer.video.frames_decoded > 0 and .answerer.audio.packets_received == null)' "$results"
claim "statistics of both are in the record" bash -c 'for file; do
    jq -se "[.[] | select(.kind == \"peer.stats\") | .src] | sort == [\"answerer\",\"offerer\"]" "$file" || exit
    done' - "$work"/gst/calls/*/*/*/*/1/events.jsonl
claim "bytes came as bytes" bash -c 'jq -se "[.[] | select(.kind == \"peer.message\")]
    | length >= 2 and all(.data.binary)" "$0"' "$work"/gst/calls/*/session/unordered-echo/trickle/1/events.jsonl

jq '.echo = ["data"]' "$RTCLAB_SCENARIOS/open/open~open.json" >"$work/echo-text.json"
run_rtclab 0 run "$work/echo-text.json" --modes trickle --peers gst --out "$work/text"
claim "a text comes, and comes back as a text" bash -c 'jq -se "[.[] | select(.kind == \"peer.message\") | .data]
    | length >= 2 and all(.data != null and .binary == null) and (map(.data) | unique | length == 1)" "$0"' \
    "$(events_of text)"

run_rtclab 0 run media/loss --modes trickle --peers gst --out "$work/loss"
claim "a lossy link shows in what the answerer lost, and not in what the offerer did" holds '.calls[0].media
    | ([.answerer[].packets_lost] | add) as $lost | ([.offerer[].packets_sent] | add) as $sent
    | $lost > 0.02 * $sent and $lost < 0.09 * $sent and ([.offerer[].packets_lost] | add | . >= -2 and . <= 0) # RFC 3550 A.3
    and .answerer.audio.jitter_ms > 2 and .answerer.audio.jitter_ms < 10
    and ([.answerer[].round_trip_ms // empty, .offerer[].round_trip_ms // empty]
         | length >= 2 and all(. > 55 and . < 90))' "$work/loss/results.json"
claim "what was lost is what the link dropped of it" bash -c '
    dropped=$(jq -s "[.[] | select(.kind == \"packet.dropped\")] | length" "$1")
    lost=$(jq "[.calls[0].media.answerer[].packets_lost] | add" "$2")
    echo "$dropped dropped, $lost lost"
    [ "$lost" -le "$dropped" ] && [ "$lost" -ge $((dropped * 7 / 10)) ]' - \
    "$(events_of loss)" "$work/loss/results.json"

peer nonsense <<S
#!/bin/bash
echo '${hello/\"trickle\"/\"trickle\",\"dtls\"}' >&3
read -r configure <&3
printf '%s\\n' '{"type":"signal","description":{"type":"offer","sdp":"v=0\\r\\no=- 1 1 IN IP4 0.0.0.0\\r\\ns=-\\r\\nt=0 0\\r\\nm=application 9 nonsense <script>\\r\\n"}}' >&3
printf '%s\\n' '{"type":"signal","candidate":{"candidate":"candidate:\\u001b[31m 0 <b> -1","sdpMid":"0"}}' >&3
exec sleep 1000
S
run_rtclab 1 run "$work/long.json" --modes trickle --peers "$work/nonsense,gst" --timeout 20 --out "$work/nonsense-run"
claim "a description that webrtcbin refuses: failed, in its own words" holds \
    '.calls[0].outcome == "failed" and (.calls[0].why | contains("answerer failed: description: "))' "$work/nonsense-run/results.json"
sed -i 's/"sdp":"[^}]*"}/"sdp":"<b>no SDP<\/b>"}/' "$work/nonsense"
run_rtclab 1 run "$work/long.json" --modes trickle --peers "$work/nonsense,gst" --timeout 20 --out "$work/rubbish-run"
claim "so does one that is no description at all" holds \
    '.calls[0].outcome == "failed" and (.calls[0].why | contains("answerer failed: description: it is no SDP"))' \
    "$work/rubbish-run/results.json"
claim "a candidate that does not parse is told" bash -c 'jq -se "[.[] | select(.kind == \"peer.warning\")
    | .data.what | select(contains(\"candidate\"))] | length > 0" "$0"' "$(events_of nonsense-run)"
finish
