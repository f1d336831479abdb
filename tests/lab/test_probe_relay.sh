#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# rtcprobe relay measures what the network is made of, and what coturn's own client measures
# on the same server in the same run: round trip and loss. On the virtual clock.
source "$(dirname "$0")/lib.sh"
command -v turnutils_uclient >/dev/null || skip "turnutils_uclient is not installed"
probe=$(dirname "$RTCLAB")/rtcprobe
export probe

# measure NAME LINK: both clients behind a link, after each other.
measure() {
    jq --argjson link "$2" '.sites["home-a"].link = $link' \
        "$RTCLAB_SCENARIOS/open/open~open.json" >"$work/$1.json"
    # shellcheck disable=SC2016
    rtclab exec --clock virtual "$work/$1.json" offerer -- sh -c '
        "$probe" relay "turn:$RTCLAB_SERVER_TURN" -u "$RTCLAB_USERNAME" \
            --pass-env RTCLAB_PASSWORD -c 1000 --pps 100 --seed 5 -o json >"$0/relay.$1"
        turnutils_uclient -u "$RTCLAB_USERNAME" -w "$RTCLAB_PASSWORD" -y -m 2 -n 500 -z 20 \
            -l 160 "${RTCLAB_SERVER_TURN%:*}" >"$0/uclient.$1" 2>&1' "$work" "$1" </dev/null
}

# What uclient says: the one way through the relay in ms, and the share lost.
uclient_ms() { sed -n 's/.*Average round trip delay \([0-9.]*\) ms.*/\1/p' "$work/uclient.$1"; }
uclient_loss() { sed -n 's/.*Total lost packets [0-9]* (\([0-9.]*\)%).*/\1/p' "$work/uclient.$1"; }

measure still '{"delay_ms": 70}' &
measure lossy '{"delay_ms": 10, "loss": 0.03}' &
wait
relay='.items[0].relay'
claim "what is relayed takes the links' delay, to the microsecond, there and back" holds "
    $relay.rtt | .min_ms == 300 and .max_ms == 300 and .jitter_ms == 0" "$work/relay.still"
claim "nothing is lost, doubled, out of order or altered" holds "
    $relay | .sent == 1000 and .returned == 1000 and .duplicates + .reordered + .corrupted == 0" \
    "$work/relay.still"
# uclient sends from one allocation to the other and measures one way, cut to whole ms.
one_way=$(uclient_ms still)
claim "turnutils_uclient measures the same: half of it, one way" \
    jq -ne "${one_way:-0} | . > 149 - 0.001 and . <= 150"
loss=$(uclient_loss lossy)
claim "a link that loses 3 % each way loses 5.9 % of what is relayed one way" holds "
    $relay.loss_there | . > 0.03 and . < 0.09" "$work/relay.lossy"
claim "turnutils_uclient loses as much, within four standard deviations" holds "
    ($relay.loss_there * 100 - ${loss:-99}) | fabs < 4.2" "$work/relay.lossy"
finish
