#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# rtcprobe sends to no address but the server's and its own: each packet of a network is
# looked at while audit and conform run, and a default route leads everything somewhere.
source "$(dirname "$0")/lib.sh"
source "$here/probe.sh"
command -v python3 >/dev/null || skip "python3 is not installed"
inside_own_network "$@"
ip route add default dev lo || exit # what is not for here is seen, and then dropped

# watch FILE: who sent UDP or TCP to whom, a line "FROM TO COUNT" each, once it is ended.
watch() {
    python3 - "$1" <<'END' &
import collections, ipaddress, signal, socket, sys
ETH_P_ALL, IPV4, IPV6, TRANSPORTS = 3, 0x0800, 0x86DD, (6, 17)
seen = collections.Counter()
packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 23)
def end(*_):
    with open(sys.argv[1], "w") as out:
        for (source, target), count in sorted(seen.items()):
            print(source, target, count, file=out)
    sys.exit()
signal.signal(signal.SIGTERM, end)
open(sys.argv[1] + ".ready", "w").close()
while True:
    head, link = packets.recvfrom(64)
    if link[1] == IPV4 and head[9] in TRANSPORTS:
        ends = head[12:16], head[16:20]
    elif link[1] == IPV6 and head[6] in TRANSPORTS:
        ends = head[8:24], head[24:40]
    else:
        continue
    seen[tuple(str(ipaddress.ip_address(end)) for end in ends)] += 1
END
    watcher=$!
    servers+=("$watcher")
    until [ -e "$1.ready" ]; do
        kill -0 "$watcher" 2>/dev/null || skip "packets cannot be watched here"
        sleep 0.05
    done
}

end_watch() {
    kill "$watcher"
    wait "$watcher"
}

# True if those that are not the server sent to these addresses alone.
sent_only_to() { # FILE ADDRESS…
    local file=$1
    shift
    awk -v allowed="$*" 'BEGIN { n = split(allowed, a, " "); for (i = 1; i <= n; i++) ok[a[i]] }
        $1 ~ /^(192\.0\.2\.[12]|2001:db8::[12])$/ { next }
        { sent += $3 } !($2 in ok) { print; bad = 1 }
        END { exit bad || sent == 0 }' "$file"
}

# watched NAME STATUSES ARGUMENT…: runs rtcprobe with a watch.
watched() {
    local name=$1 statuses=$2 is=0
    shift 2
    watch "$work/$name.seen"
    "$probe" "$@" --local 192.0.2.10 --seed 7 >"$work/$name.out" 2>"$work/$name.err" </dev/null ||
        is=$?
    end_watch
    claim "$name comes to an end of its own" test "${statuses/$is/}" != "$statuses"
}

start_coturn plain "${users[@]}"
user=(-u joe --pass-env PROBE_PASSWORD)
watched audit "0 1 6" audit turn:192.0.2.1 "${user[@]}"
claim "audit sends to the server, and to itself" \
    sent_only_to "$work/audit.seen" 192.0.2.1 192.0.2.2 192.0.2.10
watched conform "0 1 6" conform turn:192.0.2.1 "${user[@]}" '!@slow'
claim "conform sends to the server, and to itself" \
    sent_only_to "$work/conform.seen" 192.0.2.1 192.0.2.2 192.0.2.10
for command in check relay; do
    watched $command 0 $command turn:192.0.2.1 "${user[@]}" -c 10
    claim "$command sends to the server alone" sent_only_to "$work/$command.seen" 192.0.2.1
done

# That this sees what it is to see.
watch "$work/else.seen"
"$probe" ping stun:203.0.113.9 -c 1 --timeout 100ms >/dev/null 2>&1
end_watch
claim "what goes elsewhere is seen" bash -c \
    "! grep -v 203.0.113.9 '$work/else.seen' && grep -q 203.0.113.9 '$work/else.seen'"
finish
