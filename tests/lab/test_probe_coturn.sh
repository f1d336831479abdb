#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# rtcprobe conform against a real coturn over UDP, TCP, TLS and DTLS: each verdict is pass,
# or stands with its reason in tests/data/probe/coturn.json.
source "$(dirname "$0")/lib.sh"
source "$here/coturn.sh"
inside_own_network "$@"
known=$here/../data/probe/coturn.json

# conform NAME URI…: all cases that are not slow.
conform() {
    local name=$1
    shift
    "$probe" conform "$@" "${probe_options[@]}" --other-user ann --other-pass-env OTHER_PASSWORD \
        --known "$known" -o json '*' '!@slow' '!@intrusive' >"$work/$name.json" \
        2>"$work/$name.err" </dev/null
}

start_coturn plain user=joe:secret user=ann:other
begun=$EPOCHREALTIME
claim "UDP: nothing fails that is not known" conform udp turn:192.0.2.1 'turns:[2001:db8::1]' \
    'turn:[2001:db8::1]' turns:192.0.2.1
took_s=$(jq -n "$EPOCHREALTIME - $begun")
claim "TCP: nothing fails that is not known" conform tcp 'turn:192.0.2.1?transport=tcp' \
    turns:192.0.2.1 'turn:[2001:db8::1]?transport=tcp'
claim "TLS: nothing fails that is not known" conform tls turns:192.0.2.1 turn:192.0.2.1
claim "DTLS: nothing fails that is not known" conform dtls 'turns:192.0.2.1?transport=udp' \
    turn:192.0.2.1
for transport in udp tcp tls dtls; do
    claim "$transport: each verdict is pass, or listed with its reason" holds \
        '[.items[] | select(.status != "pass" and .status != "known")
            | {name, status, message}] == []' "$work/$transport.json"
    claim "$transport: what is listed did not pass" holds \
        '[.items[] | select(.warnings) | {name, warnings}] == []' "$work/$transport.json"
    claim "$transport: at least 110 cases were tried" holds '.items | length >= 110' \
        "$work/$transport.json"
done
claim "all that is not slow takes less than 15 s (it took $took_s)" jq -ne "$took_s < 15"
claim "no password is in what it printed" bash -c '! grep -rl "\"secret\"\|other\b.*secret" "$0"/*.json' "$work"
finish
