#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# aiortc as a peer, with itself and with webrtcbin: audio, video and data, on the virtual
# clock; and one seed is one call.
source "$(dirname "$0")/lib.sh"

/usr/bin/python3 -c 'import aiortc' 2>/dev/null || skip "aiortc is not installed"
networks=(interop/open 'interop/port-restricted-cone~symmetric' 'interop/udp-blocked~open')

pairs=(aiortc,aiortc)
if [ -x "$(dirname "$RTCLAB")/rtclab-peer-gst" ]; then
    pairs+=(gst,aiortc)
else
    echo "left out: rtclab-peer-gst was not built"
fi
for pair in "${pairs[@]}"; do
    run_rtclab 0 run "${networks[@]}" --peers "$pair" --out "$work/$pair"
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
        done' - "$work/$pair"/calls/*/interop/*/*/1/events.jsonl
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
        | \$t[0] == 0 and \$t[1] == 0 and \$t[2] > 0 and (\$t | length) == 4" "$1"' \
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
jq '.ice_servers[0].urls |= reverse | ."$schema" = null | del(."$schema")' \
    "$RTCLAB_SCENARIOS/interop/udp-blocked~open.json" >"$work/udp-first.json"
run_rtclab 1 run "$work/udp-first.json" --modes trickle --timeout 90 --peers aiortc \
    --out "$work/udp-first"
claim "a dead TURN server ends a call of aiortc, in its own words" holds '
    .calls[0] | .outcome == "failed" and (.why | contains("TransactionTimeout"))' \
    "$work/udp-first/results.json"

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
    rm -f "$work"/same-*
    rerun "aiortc~aiortc/$network/trickle/1" 10 & runners=("$!")
    rerun "aiortc~aiortc/$network/trickle/1" 10 & runners+=("$!")
    wait "${runners[@]}"
    sort "$work"/same-* | uniq -c | tee "$work/same"
    claim "$network: 20 calls with one seed take the same time, and are the same packets" \
        test "$(grep -c '^ *20 ' "$work/same")" = 3
done
finish
