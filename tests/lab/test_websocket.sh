#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Signalling by WebSocket: calls through two NATs, over TCP and over TLS, and one whose
# signalling a firewall blocks.
source "$(dirname "$0")/lib.sh"
command -v tshark >/dev/null || skip "tshark is not installed"

scenarios=(signaling/websocket signaling/websocket-tls)

# What crossed a call's network, a line a packet: fields of tshark's.
packets() {
    local call=$1 filter=$2
    shift 2
    tshark -r "$call/trace.pcapng" -Y "$filter" -T fields "$@" 2>>"$work/tshark.err"
}

# Each signal that was sent has arrived, later by at least both links' and the server's.
signals_took_their_time() {
    jq -s -e '
        def of($kind; $src): [.[] | select(.kind == $kind and .src == $src)];
        . as $all | [["offerer", "answerer"], ["answerer", "offerer"]] | all(. as [$from, $to] |
            ($all | of("signal.sent"; $from)) as $sent |
            ($all | of("signal.delivered"; $to)) as $delivered |
            ($sent | length) > 0 and ($sent | map(.data)) == ($delivered | map(.data)) and
            all([$sent, $delivered] | transpose[]; .[1].t_us - .[0].t_us >= 65000))' "$1"
}

# The WebSocket's packets leave each peer's host, and its NAT says into what it made them.
is_translated() {
    local call=$1 port=$2 name=$3 nat=$4
    packets "$call" "tcp.dstport == $port && frame.interface_name == \"$name/eth0\"" \
        -e frame.number | grep -q . &&
        packets "$call" "tcp.dstport == $port && frame.interface_name == \"$nat/nat\"" \
            -e frame.comment | grep -q "translated by $nat/nat: 192\.168\."
}

run_rtclab 0 run "${scenarios[@]}" --audit-clock --out "$work/run"
results=$work/run/results.json
claim "nice~nice: TCP and TLS in three modes, on the virtual clock, as expected" holds '
    .calls | length == 6 and all(.outcome == "connected" and .as_expected and .clock == "virtual")' \
    "$results"
claim "neither the server nor its clients bypassed the clock" holds '
    all(.calls[]; .clock_bypasses == 0)' "$results"
claim "trickle sends candidates on their own, full sends none" bash -c '
    cd "$1" && jq -s -e "[.[] | select(.kind == \"signal.sent\")] | length > 4" */trickle/1/events.jsonl &&
        for file in */full/1/events.jsonl; do
            jq -s -e "[.[] | select(.kind == \"signal.sent\") | .data.type] == [\"offer\", \"answer\"]" \
                "$file" || exit
        done' - "$work/run/calls/nice~nice/signaling"
claim "the connections were made before the call began" holds '
    .kind != "signal.connection-state" or (.t_us <= 0 and .data.state == "connected")' \
    "$work/run/calls/nice~nice/signaling/websocket/trickle/1/events.jsonl"
for mode in trickle half full; do
    for scenario in "${scenarios[@]}"; do
        call=$work/run/calls/nice~nice/$scenario/$mode/1
        port=80
        [ "$scenario" = signaling/websocket ] || port=443
        claim "$scenario $mode: what was sent arrives, in order, after 65 ms and more" \
            signals_took_their_time "$call/events.jsonl"
        claim "$scenario $mode: the offerer's WebSocket crosses its NAT" \
            is_translated "$call" $port offerer home-a
        claim "$scenario $mode: the answerer's WebSocket crosses its NAT" \
            is_translated "$call" $port answerer home-b
    done
done

plain=$work/run/calls/nice~nice/signaling/websocket/trickle/1
secret=$work/run/calls/nice~nice/signaling/websocket-tls/trickle/1
offers='frame.interface_name == "signal/eth0" && websocket.payload.text contains "offer"'
claim "over TCP the offer can be read in the capture" \
    test -n "$(packets "$plain" "$offers" -e frame.number)"
claim "over TLS it cannot" bash -c '! LC_ALL=C grep -aq ice-ufrag "$1"' - "$secret/trace.pcapng"
claim "over TLS there is a handshake of TLS 1.3 for each peer" test "$(packets "$secret" \
    'tls.handshake.type == 2 && frame.interface_name == "signal/eth0" &&
     tls.handshake.extensions.supported_version == 0x0304' -e tcp.dstport | sort -u | wc -l)" = 2
claim "no private key is in the record" bash -c '! grep -rlI "PRIVATE KEY" "$1"' - "$work/run"
claim "the server says who came" has "room call: a member has joined" "$plain/signal.log"

run_rtclab 0 run "${scenarios[@]}" --modes trickle --repeat 1 --out "$work/again"
for scenario in "${scenarios[@]}"; do
    call=calls/nice~nice/$scenario/trickle/1
    claim "$scenario: one seed is one call, byte for byte" bash -c '
        cmp "$1/events.jsonl" "$2/events.jsonl" && cmp "$1/trace.pcapng" "$2/trace.pcapng"' \
        - "$work/run/$call" "$work/again/$call"
done

run_rtclab 0 run signaling/blocked --out "$work/blocked"
claim "blocked signalling fails the call in words, in each mode" holds '
    .calls | length == 3 and all(.outcome == "failed" and .why ==
        "the offerer'"'"'s signalling failed: no connection to ws://203.0.113.10/rooms/call?member=offerer in 10 s")' \
    "$work/blocked/results.json"
claim "the firewall's drop is in the capture" test -n "$(packets \
    "$work/blocked/calls/nice~nice/signaling/blocked/full/1" \
    'tcp.dstport == 80 && frame.comment contains "dropped"' -e frame.number)"

# ---- peers whose signals the server does not take

peer() { # name, script on standard input
    cat >"$work/$1"
    chmod +x "$work/$1"
}
hello='{"type":"hello","contract":1,"stack":"x","version":"1","capabilities":["trickle","data"]}'

peer large <<S
#!/bin/sh
echo '$hello' >&3
read -r configure <&3
sdp=\$(head -c 900000 /dev/zero | tr '\\0' x)
printf '{"type":"signal","description":{"type":"offer","sdp":"%s"}}\\n' "\$sdp" >&3
exec sleep 1000
S
run_rtclab 1 run signaling/websocket --modes trickle --peers "$work/large,nice" --timeout 20 --out "$work/large-run"
claim "a connection that is lost in the call fails it, and says why" holds '.calls[0]
    | .outcome == "failed" and (.why |
        contains("the offerer'"'"'s signalling closed: a message was too long for the server (1009)"))' "$work/large-run/results.json"

peer answers <<S
#!/bin/sh
echo '$hello' >&3
read -r configure <&3
echo '{"type":"signal","description":{"type":"answer","sdp":"v=0"}}' >&3
exec sleep 1000
S
run_rtclab 1 run signaling/websocket --modes trickle --peers "$work/answers,nice" --timeout 5 --out "$work/answers-run"
claim "an answer without an offer is not relayed, which the record says" bash -c '
    jq -s -e "any(.[]; .kind == \"signal.warning\" and (.data.what | contains(\"no offer\")))" "$1" >/dev/null' \
    - "$work"/answers-run/calls/*/signaling/websocket/trickle/1/events.jsonl

run_rtclab 0 run signaling/websocket --clock wall --modes trickle --out "$work/wall"
claim "on the wall clock, too" holds '
    .calls[0] | .outcome == "connected" and .clock == "wall"' "$work/wall/results.json"

if [ -x "$(dirname "$RTCLAB")/rtclab-peer-gst" ]; then
    run_rtclab 0 run "${scenarios[@]}" --peers gst --out "$work/gst"
    claim "gst~gst: TCP and TLS in three modes, as expected" holds '
        .calls | length == 6 and all(.outcome == "connected" and .as_expected)' \
        "$work/gst/results.json"
fi

# By itself: says its URL, serves, and ends in good order.
"$RTCLAB" signaling --listen 127.0.0.1:0 >"$work/server.out" 2>&1 &
server=$!
for _ in $(seq 100); do
    [ -s "$work/server.out" ] && break
    sleep 0.05
done
url=$(head -1 "$work/server.out")
claim "rtclab signaling prints where it is" bash -c '[[ $1 =~ ^http://127\.0\.0\.1:[0-9]+/$ ]]' - "$url"
port=${url##*:}
port=${port%/}
claim "and serves the page there" bash -c '
    exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET / HTTP/1.1\r\nHost: 127.0.0.1:$1\r\n\r\n" >&3 &&
        grep -q "page.js" <&3' - "$port"
claim "a port that is taken is told in words" bash -c '
    ! "$1" signaling --listen "127.0.0.1:$2" 2>"$3" &&
        grep -qi "127.0.0.1:$2: .*address already in use; .*choose another port" "$3"' \
    - "$RTCLAB" "$port" "$work/taken"
kill -INT "$server"
claim "Ctrl-C is a good end" wait "$server"
finish
