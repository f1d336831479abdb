#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# rtcprobe conform against a real coturn over UDP, TCP, TLS and DTLS: each verdict is pass,
# or stands with its reason in tests/data/probe/coturn.json.
source "$(dirname "$0")/lib.sh"
source "$here/probe.sh"
inside_own_network "$@"
known=$here/../data/probe/coturn.json

probe_options+=(--other-user ann --other-pass-env OTHER_PASSWORD)

start_coturn plain "${users[@]}"
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
    claim "$transport: each verdict is pass, or stands in the list with its reason" \
        only_known "$work/$transport.json"
done
claim "all that is not slow takes less than 15 s (it took $took_s)" jq -ne "$took_s < 15"
claim "no password is in what it printed" bash -c \
    '! grep -lF -e "$PROBE_PASSWORD" -e "$OTHER_PASSWORD" "$0"/*.json "$0"/*.err' "$work"
end_servers

start_coturn secret use-auth-secret static-auth-secret=shared
echo shared >"$work/shared"
chmod 600 "$work/shared"
claim "a time-limited user name is refused after its time" \
    "$probe" conform turn:192.0.2.1 A22 -u joe --secret-file "$work/shared" --local 192.0.2.10
finish
