#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# aiortc as a peer, with itself and with webrtcbin: audio, video and data, on the virtual
# clock; and one seed is one call.
source "$(dirname "$0")/lib.sh"

/usr/bin/python3 -c 'import aiortc' 2>/dev/null || skip "aiortc is not installed"
networks=(interop/open 'interop/port-restricted-cone~symmetric' 'interop/udp-blocked~open')

pairs=("aiortc,aiortc")
peers=$(dirname "$RTCLAB")
if [ -x "$peers/rtclab-peer-gst" ]; then
    pairs+=("aiortc,gst" "gst,aiortc")
else
    echo "left out: rtclab-peer-gst was not built"
fi
js=$(dirname "$(realpath "$peers/rtclab-peer-libwebrtc")")
if [ -d "$js/node_modules/@roamhq/wrtc" ]; then
    pairs+=("aiortc,libwebrtc" "libwebrtc,aiortc")
else
    echo "left out: libwebrtc is not installed"
fi
for pair in "${pairs[@]}"; do
    run_rtclab 0 run "${networks[@]}" --peers "$pair" --audit-clock --out "$work/$pair"
    claim "$pair: three networks in three modes, as expected, on the virtual clock" holds '
        .calls | length == 9 and all(.as_expected and .clock == "virtual")' \
        "$work/$pair/results.json"
    claim "$pair: each saw DTLS, a data channel and media" holds '
        all(.calls[]; .phases_ms | [.offerer, .answerer] | all(
            .dtls_connected != null and .channel_open != null and .first_media != null))' \
        "$work/$pair/results.json"
    claim "$pair: the first audio and video frames came in both directions" bash -c '
        for file; do
            jq -s -e "[.[] | select(.kind == \"peer.first-media\") | .src + \" \" + .data.media]
                | sort == [\"answerer audio\", \"answerer video\",
                           \"offerer audio\", \"offerer video\"]" "$file" || exit
        done' - $(find "$work/$pair/calls" -name events.jsonl)
    claim "$pair: nothing bypassed the clock" test 0 = \
        "$(find "$work/$pair/calls" -name clock-audit.txt -exec cat {} + | tee /dev/stderr | wc -l)"
done

# of ROLE KIND FIELD: each value of a call's events.
of() {
    jq -c "select(.src == \"$1\" and .kind == \"$2\") | .data.$3" "$call/events.jsonl"
}

call="$work/aiortc,aiortc/calls/aiortc~aiortc/interop/open/trickle/1"
claim "states are those of JSEP and of W3C, in order" diff - <(
    of offerer peer.signaling-state state | paste -sd ' '
    of answerer peer.signaling-state state | paste -sd ' '
    of offerer peer.gathering-state state | paste -sd ' '
    of offerer peer.ice-state state | paste -sd ' '
    of offerer peer.dtls-state state | paste -sd ' '
    of offerer peer.connection-state state | paste -sd ' ') <<'END'
"have-local-offer" "stable" "closed"
"have-remote-offer" "stable" "closed"
"gathering" "complete"
"checking" "completed" "closed"
"connecting" "connected" "closed"
"new" "connecting" "connected" "closed"
END
claim "it trickles: the offer and the host candidate go out at once, the relayed one later" bash -c '
    jq -s -e "[.[] | select(.src == \"offerer\" and .kind == \"signal.sent\") | .t_us] as \$t
        | \$t[0] < 1000 and \$t[1] < 1000 and \$t[2] > 10000 and (\$t | length) == 4" "$1"' \
    - "$call/events.jsonl"
claim "its statistics are those of W3C, of what was sent and received" bash -c '
    jq -s -e "[.[] | select(.kind == \"peer.stats\") | .data.stats
        | [.[] | select(.type == \"inbound-rtp\" and .kind == \"video\")][0]
        | .framesDecoded > 0 and .bytesReceived > 0 and .packetsReceived > 0 and .jitter < 0.1]
        == [true, true]" "$1"' - "$call/events.jsonl"

# What a session can ask for.
run_rtclab 0 run 'media/*' session/max-compat session/unordered-echo --modes trickle,full \
    --peers aiortc --out "$work/session"
claim "aiortc relays what it gets, sends and receives one way, bundled and not" holds '
    .calls | length == 12 and all(.as_expected)' "$work/session/results.json"
run_rtclab 0 run session/ice-restart turn/relay-only --modes trickle --peers aiortc \
    --out "$work/unsupported"
claim "it has no ICE restart and no relay policy: unsupported" holds '
    .calls | map([.outcome, (.why | test("cannot do (restart-ice|relay)"))]) ==
        [["unsupported", true], ["unsupported", true]]' "$work/unsupported/results.json"

# aiortc uses the first TURN URL only; behind this firewall it must be the one over TCP.
jq '.ice_servers[0].urls = ["turn:turn", "turn:turn?transport=tcp"] | del(."$schema")' \
    "$RTCLAB_SCENARIOS/interop/udp-blocked~open.json" >"$work/udp-first.json"
run_rtclab 1 run "$work/udp-first.json" --modes trickle --timeout 90 --peers aiortc \
    --out "$work/udp-first"
claim "a dead TURN server ends a call of aiortc, in its own words" holds '
    .calls[0] | .outcome == "failed" and (.why | contains("TransactionTimeout"))' \
    "$work/udp-first/results.json"

# What is no SDP, no candidate, no message: told, and survived.
talk() {
    "$RTCLAB" exec open/open~open answerer -- /usr/bin/python3 "$here/talk_to_peer.py" \
        "$peers/rtclab-peer-aiortc" "$@" >"$work/talk" 2>"$work/talk.err"
}
configure='{"type":"configure","role":"answerer","negotiate":["data","audio","video"]}'
offer() { # m-section
    printf '%s\n' "$configure" '{"type":"signal","description":{"type":"offer","sdp":"'"$1"'"}}' | talk
}
for sdp in 'this is no SDP' 'v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n' \
    'm=audio x y z\r\n' 'v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 96\r\na=ssrc:x\r\n'; do
    offer "$sdp"
    claim "a description that is refused, ${sdp:0:24}: the call has failed, and why" bash -c '
        grep -q "\"state\":\"failed\",\"reason\":\"setRemoteDescription(offer): " "$1" &&
        tail -n 2 "$1" | tr -d "\n" | grep -qx "{\"type\":\"done\"}exit 0"' - "$work/talk"
done
printf '%s\n' '{"type":"signal","candidate":{"candidate":""}}' "$configure" 'no json' '[1]' \
    '{"type":{}}' '{"type":"hello"}' '{"type":"signal","candidate":{"candidate":5}}' \
    '{"type":"signal","candidate":{"candidate":"candidate:1 1 udp","sdpMid":"0"}}' \
    "{\"type\":\"send\",\"data\":$(printf '[%.0s' {1..5000})}" \
    "{\"type\":\"send\",\"data\":[$(printf '1,%.0s' {1..20000})1]}" \
    '{"type":"send","data_hex":"zz"}' @2000000 '' '{"type":"restart-ice"}' "$configure" | talk
claim "12 messages that break the contract: as many warnings, and it goes on" bash -c '
    test "$(grep -c peer.warning "$1")" = 12 && tail -n 1 "$1" | grep -qx "exit 0"' - "$work/talk"
echo "$configure" | talk --end
claim "the contract ends: so does it" test "$(tail -n 1 "$work/talk")" = "exit 0"
echo '{"type":"configure","role":"nobody"}' | talk
claim "a configuration that is nonsense: 2" test "$(tail -n 1 "$work/talk")" = "exit 2"

# Without aiortc it says what to do.
mkdir "$work/python" && cp "$(dirname "$(realpath "$peers/rtclab-peer-aiortc")")"/*.py "$work/python"
echo 'raise ImportError("no aiortc here")' >"$work/python/aiortc.py"
run_rtclab 0 run interop/open --modes trickle --peers "$work/python/aiortc_peer.py" --out "$work/none"
claim "aiortc is not installed: unsupported, with the command that installs it" holds '.calls[0]
    | .outcome == "unsupported" and (.why | contains("./quickstart.sh deps --all"))' \
    "$work/none/results.json"

# One seed is one call, byte for byte, whatever else the machine does.
# rerun KEY TIMES: into $work/same-PID, three lines for each.
rerun() {
    local key=$1 times=$2 out=$work/rerun-$BASHPID
    for _ in $(seq "$times"); do
        rtclab run --seed 7 "$key" --out "$out" >/dev/null 2>&1 </dev/null
        jq -c '.calls[0] | [.outcome, .setup_ms, .counts]' "$out/results.json"
        (cd "$out/calls/$key" && sha256sum events.jsonl trace.pcapng)
        rm -rf "$out"
    done >"$work/same-$BASHPID"
}
for network in "${networks[@]}"; do
    times=4
    [ "$network" != interop/open ] || times=10
    rm -f "$work"/same-*
    rerun "aiortc~aiortc/$network/trickle/1" $times & runners=("$!")
    rerun "aiortc~aiortc/$network/trickle/1" $times & runners+=("$!")
    wait "${runners[@]}"
    sort "$work"/same-* | uniq -c | tee "$work/same"
    claim "$network: $((2 * times)) calls with one seed take the same time, and are the same packets" \
        test "$(grep -c "^ *$((2 * times)) " "$work/same")" = 3
done
finish
