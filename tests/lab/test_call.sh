#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A call between two libnice agents, in each mode, and what its record holds.
source "$(dirname "$0")/lib.sh"

run_rtclab 0 run nat/port-restricted-cone~port-restricted-cone --seed 7 --out "$work/run"
results=$work/run/results.json
call=$work/run/calls/nice~nice/nat/port-restricted-cone~port-restricted-cone

claim "three modes ran" holds '[.calls[].mode] | sort == ["full","half","trickle"]' "$results"
claim "all connected, as expected" \
    holds 'all(.calls[]; .outcome == "connected" and .as_expected and .why == "")' "$results"
claim "the run is complete and says its seed" \
    holds '.schema == "rtclab/results/1" and .run.complete and .run.seed == "7"' "$results"
claim "the modes of a repeat have one seed: a paired experiment" \
    holds '[.calls[].seed] | unique | length == 1' "$results"
claim "both peers' pairs are of reflexive candidates over UDP" holds \
    'all(.calls[].selected[]; (.local | IN("srflx","prflx")) and .protocol == "udp")' "$results"
claim "phases are in order" holds 'all(.calls[].phases_ms[];
    .first_candidate <= .gathering_complete and .first_check <= .first_valid
    and .first_valid <= .ice_connected)' "$results"
claim "the set-up ends when the later of the two peers is connected" holds \
    'all(.calls[]; .setup_ms >= ([.phases_ms[].ice_connected] | max) - 0.001)' "$results"
claim "phases that an ICE agent does not have are null" \
    holds 'all(.calls[].phases_ms[]; .dtls_connected == null and .first_media == null)' "$results"
claim "packets and requests were counted" \
    holds 'all(.calls[].counts; .packets > 10 and .stun_requests >= 4
                                and .retransmissions < .stun_requests)' "$results"
claim "all on the virtual clock, where nothing is late" \
    holds '.run.clock == "virtual" and all(.calls[]; .clock == "virtual" and (has("lateness") | not))' "$results"
claim "trickle is compared with full" \
    holds '.comparisons | length == 1 and .[0].trickle_saves_ms.median != null' "$results"

# RFC 8838 and 8840: what leaves a peer in each mode.
sent='[.[] | select(.kind == "signal.sent" and .src == $who)]'
jq -s . "$call/full/1/events.jsonl" >"$work/full.json"
jq -s . "$call/half/1/events.jsonl" >"$work/half.json"
jq -s . "$call/trickle/1/events.jsonl" >"$work/trickle.json"
claim "full: one description each, with candidates in it, and no candidate alone" \
    jq -e "def s(\$who): $sent; [\"offerer\",\"answerer\"] | all(. as \$w | \$all | s(\$w)
        | length == 1 and (.[0].data.sdp | contains(\"a=candidate:\")
                           and contains(\"a=end-of-candidates\")))" \
    --argjson all "$(cat "$work/full.json")" -n
claim "half: the offerer is full, the answerer trickles" \
    jq -e "def s(\$who): $sent; (\$all | s(\"offerer\") | length == 1) and
        (\$all | s(\"answerer\") | length > 2
            and (.[0].data.sdp | contains(\"a=candidate:\") | not)
            and .[-1].data.candidate == \"\")" \
    --argjson all "$(cat "$work/half.json")" -n
claim "trickle: description first, then candidates, then the end of candidates" \
    jq -e "def s(\$who): $sent; [\"offerer\",\"answerer\"] | all(. as \$w | \$all | s(\$w)
        | (.[0].data.sdp != null) and (.[1:-1] | all(.data.candidate | startswith(\"candidate:\")))
          and .[-1].data.candidate == \"\")" \
    --argjson all "$(cat "$work/trickle.json")" -n

claim "a candidate says of which generation it is, a reflexive one its base" holds '
    ([.[] | select(.kind == "signal.sent" and .data.sdp)
      | {key: .src, value: (.data.sdp | capture("a=ice-ufrag:(?<it>[^\r\n]+)").it)}] | from_entries) as $ufrag
    | [.[] | select(.kind == "signal.sent" and (.data.candidate // "" | startswith("candidate:")))]
    | length > 2 and all(.src as $who | .data.candidate
        | endswith(" ufrag " + $ufrag[$who])
          and (contains(" typ host") or test(" raddr 192[.]168[.][0-9.]+ rport [1-9]")))' "$work/trickle.json"

for mode in trickle half full; do
    events=$work/$mode.json
    claim "$mode: events are in the order of their times" \
        holds '[.[].t_us] == ([.[].t_us] | sort)' "$events"
    claim "$mode: the call starts at 0" \
        holds '[.[] | select(.kind == "call.started") | .t_us] == [0]' "$events"
    claim "$mode: a signal takes the scenario's delay" holds '
        ([.[] | select(.kind == "signal.sent") | .t_us] | sort) as $sent
        | ([.[] | select(.kind == "signal.delivered") | .t_us] | sort) as $got
        | ($sent | length) >= ($got | length)
          and all(range($got | length); $got[.] - $sent[.] >= 20000)' "$events"
    claim "$mode: the set-up ends when the later peer says connected" jq -ne \
        --slurpfile events "$events" --slurpfile results "$results" --arg mode "$mode" '
        ([$events[0][] | select(.kind == "peer.connection-state" and .data.state == "connected")]
            | group_by(.src) | map([.[].t_us] | min)) as $connected
        | ($results[0].calls[] | select(.mode == $mode) | .setup_ms * 1000) as $set_up
        | ($connected | length) == 2 and (($connected | max) - $set_up | fabs) < 1.5'
    claim "$mode: a payload crossed in each direction" holds '
        [.[] | select(.kind == "peer.message") | .src] | unique == ["answerer", "offerer"]' "$events"
    claim "$mode: each NAT made a mapping" holds '
        [.[] | select(.kind == "nat.mapping-created") | .src] | unique | length == 2' "$events"
    claim "$mode: a drop says who and why" holds '
        all(.[] | select(.kind == "packet.dropped");
            .data.reason != null and (.src | length > 0) and .data.packet > 0)' "$events"
done

if command -v tshark >/dev/null; then
    for mode in trickle half full; do
        trace=$call/$mode/1/trace.pcapng
        claim "$mode: capinfos reads the capture without a complaint" \
            bash -c 'capinfos "$0" >"$1" 2>"$2" && [ ! -s "$2" ]' "$trace" "$work/info" "$work/complaint"
        claim "$mode: nanosecond times" has "ns" <(capinfos -I "$trace"; grep -i resol "$work/info")
        tshark -r "$trace" -T json 2>"$work/complaint" >"$work/packets.json"
        claim "$mode: tshark reads it without a complaint" \
            bash -c '! grep -v "^Running as user" "$0"' "$work/complaint"
        claim "$mode: no packet is malformed" bash -c \
            '! tshark -r "$0" -o udp.try_heuristic_first:TRUE -o tcp.try_heuristic_first:TRUE -Y _ws.malformed 2>/dev/null | grep .' "$trace"
        claim "$mode: every checksum is right" bash -c \
            '! tshark -r "$0" -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE \
               -Y "ip.checksum.status == 0 || udp.checksum.status == 0" 2>/dev/null | grep .' "$trace"
        claim "$mode: an interface for each host and NAT, by name" bash -c '
            tshark -r "$0" -T fields -e frame.interface_name 2>/dev/null | sort -u >"$1"
            grep -qx offerer/eth0 "$1" && grep -qx answerer/eth0 "$1" && grep -q /nat "$1"' \
            "$trace" "$work/names"
        claim "$mode: translated packets say from what to what" bash -c \
            'tshark -r "$0" -Y "frame.comment contains \"translated\"" 2>/dev/null | grep -q .' "$trace"
    done
else
    echo "tshark is not installed: captures are not read"
fi

for log in offerer answerer turn; do
    claim "$log.log is kept" [ -e "$call/full/1/$log.log" ]
done
claim "coturn left nothing but its log" \
    bash -c '! ls "$0" | grep -vx -e events.jsonl -e trace.pcapng -e timeline.json -e ".*[.]log"' "$call/full/1"

run_rtclab 0 run open/open~open --modes trickle --clock wall --out "$work/wall"
claim "on the wall clock lateness is measured" holds '.run.clock == "wall" and all(.calls[];
    .clock == "wall" and (has("clock_why") | not)
    and (.lateness | .packets > 10 and .max_us > 0 and .p50_us <= .p99_us))' "$work/wall/results.json"
finish
