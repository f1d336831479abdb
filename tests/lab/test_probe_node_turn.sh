#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# rtcprobe conform against a second real server, node-turn: each verdict is pass, or stands
# with its reason in tests/data/probe/node-turn.json. And what no case can try, as nothing
# would be left to try others on: an empty datagram from a peer ends that server.
source "$(dirname "$0")/lib.sh"
source "$here/probe.sh"
inside_own_network "$@"
known=$here/../data/probe/node-turn.json
probe_options=(-u joe --pass-env PROBE_PASSWORD --local 192.0.2.10 --seed 7)

# The relayed ports that are open now.
relayed_ports() {
    ss -Hlun src 192.0.2.1 | awk '{ sub(/.*:/, "", $4); if ($4 >= 49152) print $4 }'
}

# One empty datagram to each, from the peer's address.
send_empty_datagrams() { # port…
    node -e '
        const socket = require("dgram").createSocket("udp4");
        socket.bind(0, "192.0.2.1", () => {
            let left = process.argv.length - 1;
            for (const port of process.argv.slice(1))
                socket.send(Buffer.alloc(0), Number(port), "192.0.2.1", () => {
                    if (--left === 0)
                        socket.close();
                });
        });' "$@"
}

# True if a process ends by itself within ten seconds.
ends() {
    for _ in $(seq 100); do
        kill -0 "$1" 2>/dev/null || return 0
        sleep 0.1
    done
    return 1
}

start_node_turn first
claim "nothing fails that is not known" conform all turn:192.0.2.1 --profile 5389
claim "each verdict is pass, or stands in the list with its reason" only_known "$work/all.json"
claim "the server lives" kill -0 "${servers[0]}"
claim "no password is in what it printed" bash -c \
    '! grep -lF -e "$PROBE_PASSWORD" "$0"/*.json "$0"/*.err' "$work"
end_servers

# Two allocations, each permitting the other's address, the server's. Relayed addresses outlive
# their allocations there, and so do permissions.
start_node_turn second
claim "relaying works" "$probe" relay turn:192.0.2.1 "${probe_options[@]}" --indications -c 5
mapfile -t ports < <(relayed_ports)
claim "relayed addresses are open after they were given back" test "${#ports[@]}" = 2
claim "an empty datagram from a peer is sent" send_empty_datagrams "${ports[@]}"
claim "it ends the server" ends "${servers[0]}"
claim "for reading a channel number from it" has ERR_BUFFER_OUT_OF_BOUNDS "$work/second/log"
claim "in channelMessage.js" has channelMessage.js "$work/second/log"
finish
