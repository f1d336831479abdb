#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# rtcprobe and coturn's turnutils_uclient on one coturn, in one run and in a network namespace
# of their own: allocations a second, packets a second, round trip and loss. Prints figures;
# takes about two minutes.
#
#   RTCLAB=build/bin/rtclab tests/bench/compare_uclient.sh [ROUNDS]
source "$(dirname "$0")/../lab/lib.sh"
source "$here/../lab/probe.sh"
inside_own_network "$@"
rounds=${1:-3}
command -v turnutils_uclient >/dev/null || skip "turnutils_uclient is not installed"
start_coturn plain "${users[@]}" no-tls no-dtls

probe_bench() {
    "$probe" bench turn:192.0.2.1 "${probe_options[@]}" --allocations 2000 --clients 8 \
        --packets 100000 --size 160 --duration 20s -o json 2>/dev/null |
        jq -r '.items[0] | "rtcprobe\tallocations a second\t\(.allocations.per_second | round)",
            "rtcprobe\tpackets a second\t\(.throughput.packets_per_second | round)",
            "rtcprobe\tloss, %\t\(.throughput.loss * 100)"'
    "$probe" relay turn:192.0.2.1 "${probe_options[@]}" -c 500 --pps 100 --size 160 -o json |
        jq -r '.items[0].relay | "rtcprobe\tround trip there and back, ms, p50\t\(.rtt.p50_ms)"'
}

# Both of its counts are whole seconds. 100 clients, each sending as fast as it can.
uclient_bench() {
    turnutils_uclient -u joe -w "$PROBE_PASSWORD" -L 192.0.2.10 -y -c -m 100 -n 500 -l 160 -z 1 \
        192.0.2.1 >"$work/uclient" 2>&1
    awk '
        /Total connect time/ { connect = $NF }
        /Total transmit time/ { transmit = $NF }
        /tot_recv_msgs=/ { split($0, parts, "tot_recv_msgs="); received = parts[2] + 0 }
        /Total lost packets/ { gsub(/[(%),]/, ""); lost = $7 }
        /Average round trip/ { rtt = $7 }
        END {
            printf "uclient\tallocations a second\t%.0f\n", connect ? 100 / connect : 0
            printf "uclient\tpackets a second\t%.0f\n", transmit ? received / transmit : 0
            printf "uclient\tloss, %%\t%s\n", lost
            printf "uclient\tone way through the relay, ms, mean\t%s\n", rtt
        }' "$work/uclient"
}

for round in $(seq "$rounds"); do
    echo "round $round"
    probe_bench
    uclient_bench
done | column -t -s "$(printf '\t')"
