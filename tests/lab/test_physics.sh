#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# On the virtual clock a call takes what round trips, pacing and timers add up to, to the
# microsecond. Each formula stands beside its test; all times are in microseconds.
#
#   a b c   one-way delays of the offerer's, the answerer's and the server's link
#   s       one-way delay of signalling
#   P       = a + b, from peer to peer
#   Ta      = 20 ms: libnice does one thing of gathering or checking each (RFC 8445 §14.2)
#
# Delays are whole milliseconds, as GLib waits for those: it rounds up what is between.
source "$(dirname "$0")/lib.sh"

Ta=20000

# The first multiple of Ta that is not before $1.
tick() { echo $((($1 + Ta - 1) / Ta * Ta)); }

# How long gathering takes over a path with the round trip $2, when $3 more microseconds
# are lost before the first answer and $4 before the second. Completeness is seen, and the
# second request sent, at ticks.
#   host   at once
#   stun   Binding and its answer                            (RFC 8489 §6)
#   turn   Allocate, 401, Allocate again with credentials    (RFC 8656 §7, RFC 8489 §9.2)
#   tcp    the same after the handshake of TCP; given up when no answer came until then:
#   dead   a Binding request that nobody answers: 500, 1000 and 500 ms (libnice's timers)
gathering() {
    local kind=$1 R=$2 lost_first=${3:-0} lost_second=${4:-0} again
    case $kind in
        host) echo 0 ;;
        stun) tick "$R" ;;
        turn) again=$(tick "$R"); tick $((again + R)) ;;
        tcp)
            again=$(tick $((2 * R + lost_first)))
            if [ "$again" -gt "$(gathering dead 0)" ]; then
                gathering dead 0
            else
                tick $((again + R + lost_second))
            fi
            ;;
        dead) echo 2000000 ;;
    esac
}

# setup MODE KIND a b c s: the description waits for gathering where the mode says so; then
# it crosses, the answer comes back, the offerer's check goes out one Ta later, and its
# answer tells the offerer, the later of the two, that the pair is valid and nominated.
setup() {
    local mode=$1 kind=$2 a=$3 b=$4 c=$5 s=$6 offer=0 answer=0
    [ "$mode" = trickle ] || offer=$(gathering "$kind" $((2 * (a + c))))
    [ "$mode" != full ] || answer=$(gathering "$kind" $((2 * (b + c))))
    echo $((offer + s + answer + s + Ta + 2 * (a + b)))
}

# scenario NAME a b c s JSON: a file; JSON goes into it.
scenario() {
    local ms=()
    for us in "$2" "$3" "$4" "$5"; do ms+=("$((us / 1000))"); done
    cat >"$work/$1.json" <<JSON
{"title": "$1",
 "sites": {"a": {"link": {"delay_ms": ${ms[0]} ${loss:-}}, "hosts": {"offerer": {}}},
           "b": {"link": {"delay_ms": ${ms[1]}}, "hosts": {"answerer": {}}}},
 $6
 "signaling": {"delay_ms": ${ms[3]}}, "expect": {"outcome": "connected"}}
JSON
}

server() { # URL c [TYPE]
    echo "\"servers\": {\"turn\": {\"link\": {\"delay_ms\": $(($2 / 1000))} ${3:-}}},
          \"ice_servers\": [{\"urls\": \"$1\"}],"
}

# The set-up of a call in microseconds.
measured() { jq -r --arg k "nice~nice/$1/$2/1" \
    '.calls[] | select(.key == $k) | .setup_ms * 1000 | round' "$results"; }

is_equal() { [ "$1" = "$2" ] || { echo "predicted $1 us, measured $2 us"; return 1; }; }

# Two sets of delays, so that no formula fits by chance.
sets=("7000 11000 3000 13000" "41000 60000 20000 5000")
for i in 0 1; do
    read -r a b c s <<<"${sets[i]}"
    scenario "host-$i" $a $b $c $s ''
    scenario "stun-$i" $a $b $c $s "$(server stun:turn $c)"
    scenario "turn-$i" $a $b $c $s "$(server turn:turn $c)"
    scenario "tcp-$i" $a $b $c $s "$(server 'turn:turn?transport=tcp' $c)"
    scenario "dead-$i" $a $b $c $s "$(server stun:turn $c ', "type": "silent"')"
done
run_rtclab 0 run "$work"/*.json --seed 5 --out "$work/run"
results=$work/run/results.json
for i in 0 1; do
    for kind in host stun turn tcp dead; do
        for mode in trickle half full; do
            # shellcheck disable=SC2086
            claim "$kind, delays ${sets[i]}, $mode: as predicted" is_equal \
                "$(setup $mode $kind ${sets[i]})" "$(measured "$kind-$i" $mode)"
        done
    done
done

# ICE-TCP (RFC 6544): the answerer connects one Ta after the offer, its check follows the
# handshake and brings the offerer to check that connection itself at its next tick (its
# ticks count from one Ta after the answer); when that is answered, the pair is nominated
# one tick later, with a check more.
rm "$work"/*.json
sets=("7000 11000 0 13000" "41000 60000 0 5000" "9000 24000 0 31000")
for i in 0 1 2; do
    # shellcheck disable=SC2086
    scenario "ice-tcp-$i" ${sets[i]} '"peers": {"offerer": {"protocols": ["tcp"]},
                                                "answerer": {"protocols": ["tcp"]}},'
done
run_rtclab 0 run "$work"/*.json --seed 5 --modes trickle --out "$work/ice-tcp"
results=$work/ice-tcp/results.json
for i in 0 1 2; do
    read -r a b c s <<<"${sets[i]}"
    P=$((a + b)) base=$((2 * s + Ta))
    triggered=$((base + $(tick $((s + Ta + 3 * P - base)))))
    answered=$((base + $(tick $((triggered + 2 * P - base)))))
    claim "ICE-TCP, delays ${sets[i]}: as predicted" is_equal \
        $((answered + Ta + 2 * P)) "$(measured "ice-tcp-$i" trickle)"
done

# TURN over TCP with loss: a lost segment arrives later by its retransmission time-outs
# (RFC 6298): 1 s for a SYN, else max(3R, R + 200 ms), doubled for each further loss. Each
# call's own lost segments, from its timeline, predict its set-up.
rm "$work"/*.json
read -r a b c s <<<"7000 11000 3000 13000"
R=$((2 * (a + c)))
loss=', "up": {"loss": 0.3}' scenario lossy $a $b $c $s \
    "$(server 'turn:turn?transport=tcp' $c)"
run_rtclab 0 run "$work/lossy.json" --seed 5 --modes half --repeat 20 --out "$work/lossy"
results=$work/lossy/results.json
# The lateness of what the offerer's TCP sent at a time.
late_at() { jq -s --argjson at "$2" '[.[] | select(.kind == "packet.late" and .t_us == $at)
    | .data.late_us] | add // 0' "$1"; }
n_late=0
for repeat in $(seq 20); do
    events=$work/lossy/calls/nice~nice/lossy/half/$repeat/events.jsonl
    syn=$(late_at "$events" 0)
    first=$(late_at "$events" $((R + syn)))
    second=$(late_at "$events" "$(tick $((2 * R + syn + first)))")
    [ $((syn + first + second)) = 0 ] || n_late=$((n_late + 1))
    gathered=$(gathering tcp $R $((syn + first)) "$second")
    claim "TURN over TCP with loss, call $repeat: SYN late by $syn, then $first, then $second" \
        is_equal "$gathered" "$(jq --arg r "$repeat" '.calls[] | select(.repeat == ($r | tonumber))
            | .phases_ms.offerer.gathering_complete * 1000 | round' "$results")"
    claim "its SYN costs seconds, its data multiples of the time-out" jq -en \
        "$syn % 1000000 == 0 and ([$first, $second] | all(. % ([3 * $R, $R + 200000] | max) == 0))"
done
claim "there were losses to be late by ($n_late calls)" test "$n_late" -ge 5
finish
