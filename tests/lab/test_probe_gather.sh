#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rtcprobe gather` behind an emulated NAT, on both clocks.
source "$(dirname "$0")/lib.sh"
rtcprobe=$(dirname "$RTCLAB")/rtcprobe
scenario=nat/symmetric~symmetric

# The scenario's own servers, as an application would have them.
gather() { # exit status, clock, argument of gather…
    local wanted=$1 clock=$2
    shift 2
    run_rtclab "$wanted" exec --clock "$clock" "$scenario" offerer -- sh -c '
        servers=$RTCLAB_ICE_SERVERS
        [ -z "$URLS" ] || servers="[{\"urls\": $URLS, \"username\": \"$RTCLAB_USERNAME\",
                                    \"credential\": \"$RTCLAB_PASSWORD\"}]"
        echo "$servers" | "$0" gather --ice-servers - "$@"' "$rtcprobe" "$@"
}

URLS='' gather 0 virtual -o json
claim "on the virtual clock the times are the network's and libnice's alone" holds \
    '[.candidates[] | select(.protocol == "udp") | [.type, .t_ms]]
     == [["host", 0], ["srflx", 70], ["relay", 70]]' "$work/stdout"
claim "the reflexive candidate is the NAT's, on the host's" holds \
    '.candidates as $c | $c[] | select(.type == "srflx" and .protocol == "udp")
     | (.address | startswith("198.51.100.")) and .related == $c[0].address' "$work/stdout"
claim "the relayed one names its server" holds \
    '.candidates[] | select(.type == "relay") | .url | startswith("turn:")' "$work/stdout"
claim "the priority is split as RFC 8445 makes it" holds \
    'all(.candidates[]; .priority == .priority_parts.type * 16777216
                        + .priority_parts.local * 256 + .priority_parts.component)' "$work/stdout"
claim "gathering is done" holds '.gathering.is_complete' "$work/stdout"

export URLS='["turn:203.0.113.99", "turn:203.0.113.10?transport=tcp", "turns:203.0.113.10"]'
gather 1 virtual -o json --udp-only --policy relay
claim "of two servers each has its own verdict, and what libnice cannot do is said" holds \
    '[.items[1:][] | .status] == ["fail", "pass", "unsupported"]' "$work/stdout"
claim "the relayed candidate is of the second" holds \
    '[.candidates[] | [.type, .url]] == [["relay", "turn:203.0.113.10?transport=tcp"]]' "$work/stdout"
claim "a dead server keeps all waiting" holds '.gathering.duration_ms >= 2000' "$work/stdout"

URLS='' gather 0 wall
claim "on the wall clock people see the same" has "1 relayed candidate, the first after" "$work/stdout"

finish
