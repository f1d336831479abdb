#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rtcprobe ping` inside an emulated network, on both clocks, with --pcap.
source "$(dirname "$0")/lib.sh"
rtcprobe=$(dirname "$RTCLAB")/rtcprobe
scenario=nat/symmetric~symmetric
server=203.0.113.10
captured=$work/ping.pcap

run_rtclab 0 exec --clock virtual "$scenario" offerer -- \
    "$rtcprobe" ping "stun:$server" -c 5 -o json --pcap "$captured"
claim "on the virtual clock a round trip is the network's alone" holds \
    '.items[0].ping | .received == 5 and .rtt.min_ms == 30 and .rtt.max_ms == 30' "$work/stdout"
claim "the server sees the NAT's address, and always the same" holds \
    '.items[0].ping | (.mapped | startswith("198.51.100.")) and .mapped_changes == 0' "$work/stdout"
claim "only the user may read the capture" test "$(stat -c %a "$captured")" = 600
if command -v tshark >/dev/null; then
    # shellcheck disable=SC2016
    claim "it has all requests and answers, at the virtual clock's times" bash -c \
        'tshark -r "$0" -T fields -e frame.time_relative 2>/dev/null | tr "\n" " " |
         grep -qx "0.000000000 0.030000000 1.000000000 1.030000000 .* 4.000000000 4.030000000 "' \
        "$captured"
fi

run_rtclab 3 exec --clock virtual "$scenario" offerer -- \
    "$rtcprobe" ping "stun:198.51.100.99" -c 2
claim "a silent address is said" has "no answer to 2 requests" "$work/stdout"

run_rtclab 3 exec --clock virtual "$scenario" offerer -- \
    "$rtcprobe" ping "stuns:198.51.100.99" --transport dtls --timeout 8s --pcap "$captured"
claim "so is a handshake without an answer" has "DTLS handshake with 198.51.100.99:5349: no answer" \
    "$work/stdout"
if command -v tshark >/dev/null; then
    # shellcheck disable=SC2016
    claim "DTLS sends again by the virtual clock (RFC 6347, 4.2.4.1)" bash -c \
        'tshark -r "$0" -T fields -e frame.time_relative 2>/dev/null | tr "\n" " " |
         grep -qx "0.000000000 1.000000000 3.000000000 7.000000000 "' "$captured"
fi

run_rtclab 0 exec --clock wall "$scenario" offerer -- \
    "$rtcprobe" ping "stun:$server" -c 3 -i 50ms --max-rtt 5s -o json --pcap "$captured"
claim "on the wall clock it takes a little longer" holds \
    '.items[0].ping | .received == 3 and .rtt.min_ms >= 30' "$work/stdout"
run_rtclab 1 exec --clock wall "$scenario" offerer -- \
    "$rtcprobe" ping "stun:$server" -c 2 -i 50ms --transport tcp --max-rtt 5ms
claim "a gate that is not kept is said" has "at most 5.0 ms may be" "$work/stdout"

finish
