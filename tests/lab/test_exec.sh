#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rtclab exec`: any program inside an emulated network.
source "$(dirname "$0")/lib.sh"
scenario=nat/symmetric~symmetric

run_rtclab 0 exec "$scenario" offerer -- true
run_rtclab 3 exec "$scenario" offerer -- sh -c 'exit 3'
run_rtclab 143 exec "$scenario" offerer -- sh -c 'kill -TERM $$'
run_rtclab 127 exec "$scenario" offerer -- no-such-program
claim "and says what was not found" has "no-such-program" "$work/stderr"
run_rtclab 126 exec "$scenario" offerer -- /etc/passwd
run_rtclab 2 exec "$scenario" nobody -- true
claim "an unknown host is answered with those there are" has "offerer" "$work/stderr"

run_rtclab 0 exec "$scenario" offerer -- env
for name in RTCLAB_ICE_SERVERS RTCLAB_SERVER_TURN RTCLAB_USERNAME RTCLAB_PASSWORD; do
    claim "$name is set" grep -q "^$name=." "$work/stdout"
done
password=$(grep ^RTCLAB_PASSWORD= "$work/stdout")
run_rtclab 0 exec --seed 2 "$scenario" offerer -- env
claim "another seed, another password" \
    bash -c '! grep -qxF "$0" "$1"' "$password" "$work/stdout"
claim "the ICE servers are W3C's" bash -c \
    'sed -n "s/^RTCLAB_ICE_SERVERS=//p" "$0" | jq -e ".[0].urls | length > 0"' "$work/stdout"

claim "standard input and output are the command's" bash -c \
    '[ "$(echo hello | "$0" exec "$1" offerer -- tr a-z A-Z)" = HELLO ]' "$RTCLAB" "$scenario"

if command -v ip >/dev/null; then
    run_rtclab 0 exec "$scenario" offerer -- ip -o addr
    claim "the host has loopback and one interface, IPv4 alone" bash -c \
        'awk "{print \$2, \$3}" "$0" | sort | tr "\n" ";" | grep -qx "eth0 inet;lo inet;"' "$work/stdout"
    run_rtclab 0 exec "$scenario" offerer -- ip route
    claim "and a default route" has "default dev eth0" "$work/stdout"
fi

run_rtclab 0 exec "$scenario" offerer -- awk '{print $41, $19}' /proc/self/stat
claim "it does not inherit the lab's scheduling policy" grep -qx "0 0" "$work/stdout"

run_rtclab 0 exec "$scenario" offerer -- sh -c 'ls /proc | grep -c "^[0-9]"'
claim "it sees only the lab's processes" test "$(cat "$work/stdout")" -lt 12

# shellcheck disable=SC2016
# It also asks for an answer to another port, which no NAT lets in, and waits for it.
"$RTCLAB" exec --pcap "$work/x.pcapng" "$scenario" offerer -- \
    sh -c 'timeout 2 turnutils_stunclient "$RTCLAB_SERVER_TURN"' >"$work/stdout" 2>&1 </dev/null
claim "coturn answers through the NAT" has "reflexive" "$work/stdout"
claim "with the NAT's address" has "198.51.100." "$work/stdout"
if command -v tshark >/dev/null; then
    claim "the capture holds the request and its answer" bash -c \
        'tshark -r "$0" -Y stun 2>/dev/null | grep -c Binding | grep -qx "[4-9]\|[1-9][0-9]"' \
        "$work/x.pcapng"
fi

if command -v ip >/dev/null && command -v tshark >/dev/null; then
    # Where IPv6 cannot be switched off: the kernel solicits routers and reports groups.
    rtclab exec --pcap "$work/noise.pcapng" "$scenario" offerer -- sh -c '
        echo 0 >/proc/sys/net/ipv6/conf/all/disable_ipv6
        echo 0 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6
        ip link set eth0 down && ip link set eth0 up && sleep 1.5
        ip -s link show eth0' >"$work/stdout" 2>&1 </dev/null
    claim "the kernel did send something of its own accord" bash -c \
        'sed -n "/TX:/{n;p}" "$0" | awk "{exit !(\$2 > 0)}"' "$work/stdout"
    claim "no IPv6 of the kernel's is in the capture" bash -c \
        '! tshark -r "$0" -Y ipv6 2>/dev/null | grep .' "$work/noise.pcapng"
fi

if command -v ping >/dev/null; then
    # shellcheck disable=SC2016
    run_rtclab 0 exec "$scenario" offerer -- sh -c 'ping -n -c 3 -i 0.2 "$RTCLAB_SERVER_TURN"'
    claim "ping works through the NAT" has "3 received" "$work/stdout"
    # No route leads out: the machine's own addresses are not there.
    run_rtclab 1 exec "$scenario" offerer -- ping -n -c 1 -W 1 192.0.2.77
fi
finish
