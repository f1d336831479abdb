#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Peers that flood, callers that close or leave open what they should not, signals at the
# worst moment: nothing hangs, nothing grows, nothing leaks into what the lab starts.
source "$(dirname "$0")/lib.sh"
open=open/open~open
hello='{"type":"hello","contract":1,"stack":"x","version":"1","capabilities":["trickle","data","relay","ice-tcp"]}'

peer() { # name, script on standard input
    cat >"$work/$1"
    chmod +x "$work/$1"
}

# True if a file says nothing, or one line.
at_most_one_line() {
    [ "$(wc -l <"$1")" -le 1 ] || { cat "$1"; return 1; }
}

# ---- peers

peer floods <<S
#!/bin/sh
echo '$hello' >&3
exec yes '{"type":"event","kind":"peer.warning","data":{"what":"more and more"}}' >&3
S
run_rtclab 3 run $open --modes trickle --peers "$work/floods,nice" --timeout 20 --out "$work/floods-run"
claim "a peer that floods events: an error that says so" holds '.calls[0].why
    | contains("offerer said more than")' "$work/floods-run/results.json"
claim "and a record of bounded size" \
    test "$(stat -c %s "$work"/floods-run/calls/*/$open/trickle/1/events.jsonl)" -lt 80000000

peer early <<'S'
#!/bin/sh
exec yes '{"type":"done"}' >&3
S
run_rtclab 3 run $open --modes trickle --peers "nice,$work/early" --timeout 20 --out "$work/early-run"

peer endless <<S
#!/bin/sh
echo '$hello' >&3
exec cat /dev/zero >&3
S
run_rtclab 3 run $open --modes trickle --peers "$work/endless,nice" --timeout 20 --out "$work/endless-run"
claim "a line that really never ends: an error that says so" holds '.calls[0].why
    | contains("offerer said more than")' "$work/endless-run/results.json"

peer large <<S
#!/bin/sh
echo '$hello' >&3
read -r configure <&3
sdp=\$(head -c 900000 /dev/zero | tr '\\0' x)
printf '{"type":"signal","description":{"type":"offer","sdp":"%s"}}\\n' "\$sdp" >&3
exec sleep 1000
S
run_rtclab 1 run $open --modes trickle --peers "$work/large,nice" --timeout 2 --out "$work/large-run"
claim "a signal as large as the contract allows is delivered" \
    grep -q '"src":"answerer","kind":"signal.delivered"' "$work"/large-run/calls/*/$open/trickle/1/events.jsonl

peer lies <<S
#!/bin/sh
echo '$hello' >&3
read -r configure <&3
for event in '"t_ns":0,"kind":"peer.connection-state","data":{"state":"connected"}' \\
    '"t_ns":9000000000000000000,"kind":"peer.ice-state","data":{"state":"connected"}' \\
    '"kind":"peer.message","data":{"data":"rtclab to offerer 0000000000000000"}'; do
    echo "{\"type\":\"event\",\$event}" >&3
done
exec sleep 1000
S
run_rtclab 1 run $open --modes trickle --peers "$work/lies" --timeout 1.5 --out "$work/lies-run"
claim "peers that say connected, but got no payload of this call: not connected" \
    holds '.calls[0].outcome == "timeout" and .calls[0].setup_ms == null' "$work/lies-run/results.json"
claim "times that cannot be are not believed" bash -c \
    'jq -se "[.[] | select(.src == \"offerer\" and .kind != \"peer.started\")] | length >= 3
        and all(.[]; .t_us >= 0 and .t_us < 1500000)" "$0"' "$work"/lies-run/calls/*/$open/trickle/1/events.jsonl

peer fails <<S
#!/bin/sh
echo '$hello' >&3
read -r configure <&3
echo '{"type":"event","kind":"peer.connection-state","data":{"state":"failed"}}' >&3
exec sleep 1000
S
run_rtclab 1 run $open --modes trickle --peers "$work/fails,nice" --timeout 15 --out "$work/fails-run"
claim "one peer that fails, and the other not connected for five seconds: failed" holds \
    '.calls[0].outcome == "failed" and (.calls[0].why | contains("offerer failed"))' "$work/fails-run/results.json"

# ---- descriptors

peer lists <<S
#!/bin/bash
for fd in /proc/self/fd/*; do readlink "\$fd"; done
exec $(dirname "$RTCLAB")/rtclab-peer-nice
S
exec 7</etc/hostname 8>"$work/lock"
run_rtclab 0 run $open --modes trickle --peers "$work/lists" --out "$work/lists-run"
claim "a peer does not get what rtclab was started with" bash -c \
    '! grep -q "/etc/hostname\|/lock$" "$0"' "$work"/lists-run/calls/*/$open/trickle/1/offerer.log
# shellcheck disable=SC2016
run_rtclab 0 exec $open offerer -- bash -c 'for p in /proc/[0-9]*; do
    [ "$(<"$p/comm")" = turnserver ] && ls -l "$p/fd"; done; readlink /proc/self/fd/7'
claim "nor does coturn" bash -c '! grep -q "lock$" "$0"' "$work/stdout"
# In a chroot its path is seen from further up.
claim "but the user's own command does" grep -q "/etc/hostname$" "$work/stdout"
exec 7<&- 8>&-

status=0
"$RTCLAB" run $open --modes trickle --out "$work/closed" <&- >&- 2>&- || status=$?
claim "with standard input and output closed a call works, status $status" test "$status" = 0
claim "and coturn's log is in its file" \
    grep -q . "$work"/closed/calls/*/$open/trickle/1/turn.log

# ---- folders

shared=$(mktemp -d /dev/shm/rtclab-test.XXXXXX)
run_rtclab 0 run $open --modes trickle --out "$shared/run"
claim "records can go to /dev/shm" test -s "$shared/run/calls/nice~nice/$open/trickle/1/trace.pcapng"
rm -rf "$shared"

# ---- signals

peer hangs <<S
#!/bin/sh
echo '$hello' >&3
exec sleep 1000
S

# A signal that comes while workers are being forked must reach each of them: these calls
# last half a minute, and a worker has five seconds to end.
ends_soon() {
    local delay=$1 started parent
    rm -rf "$work/early-term"
    RTCLAB_TEST_MARK=$mark "$RTCLAB" run $open --modes full --repeat 30 --jobs 30 \
        --peers "$work/hangs" --out "$work/early-term" >/dev/null 2>&1 </dev/null &
    parent=$!
    sleep "$delay"
    started=$(date +%s%N)
    kill -TERM "$parent"
    kill -TERM "$parent" 2>/dev/null
    wait "$parent" 2>/dev/null
    [ $((($(date +%s%N) - started) / 1000000)) -lt 15000 ] && nothing_is_left
}
for delay in 0.02 0.04 0.06 0.1 0.2; do
    claim "SIGTERM twice, $delay s after the start of 30 workers: all end soon" ends_soon $delay
done

# From the first fork to the goodbye.
killed_after() {
    local parent
    rm -rf "$work/killed"
    RTCLAB_TEST_MARK=$mark "$RTCLAB" run $open --jobs 6 --repeat 2 --out "$work/killed" \
        >/dev/null 2>&1 </dev/null &
    parent=$!
    sleep "$1"
    kill -9 "$parent"
    wait "$parent" 2>/dev/null
    nothing_is_left
}
for delay in 0.005 0.01 0.02 0.04 0.08 0.16 0.3 0.5; do
    claim "kill -9 after $delay s: nothing is left" killed_after $delay
done

(trap '' HUP; exec env RTCLAB_TEST_MARK="$mark" "$RTCLAB" run stun/dead --modes full \
    --out "$work/nohup" >"$work/stdout" 2>&1 </dev/null) &
parent=$!
sleep 0.5
kill -HUP "$parent"
status=0
wait "$parent" || status=$?
claim "under nohup a run outlives the terminal, status $status" test "$status" = 0

RTCLAB_TEST_MARK=$mark "$RTCLAB" exec --pcap "$work/ignores.pcapng" $open offerer -- \
    sh -c 'trap "" TERM; ping -c 1 203.0.113.10; echo ready; sleep 100; sleep 100' >"$work/stdout" 2>&1 </dev/null &
parent=$!
for _ in $(seq 100); do grep -q ready "$work/stdout" && break; sleep 0.1; done
kill -TERM "$parent"
status=0
wait "$parent" || status=$?
claim "a command that ignores SIGTERM is killed, status $status" test "$status" = 137
claim "and the capture is whole" test -s "$work/ignores.pcapng"
claim "nothing is left" nothing_is_left

mkdir "$work/slow"
printf '#!/bin/sh\nexec sleep 100\n' >"$work/slow/turnserver"
chmod +x "$work/slow/turnserver"
RTCLAB_TEST_MARK=$mark PATH=$work/slow:$PATH "$RTCLAB" exec $open offerer -- true \
    >"$work/stdout" 2>"$work/stderr" </dev/null &
parent=$!
sleep 0.7
kill -TERM "$parent"
status=0
wait "$parent" || status=$?
claim "a signal while coturn starts: status $status" test "$status" = 130
claim "and one line that says so" grep -q interrupted "$work/stderr"
claim "nothing is left" nothing_is_left

# ---- what the machine does not give

if unshare --user --map-root-user true 2>/dev/null; then
    with_limit() { # limit, sysctl
        unshare --user --map-root-user bash -c 'echo "$0" >"/proc/sys/user/$1" && shift 1 &&
            exec "$@"' "$1" "$2" "$RTCLAB" run $open --modes trickle --out "$work/limit-$1-$2" \
            >"$work/stdout" 2>"$work/stderr" </dev/null
    }
    for limit in max_net_namespaces max_pid_namespaces; do
        status=0
        with_limit 0 $limit || status=$?
        claim "$limit is 0: exit status 3, is $status" test "$status" = 3
        claim "in one line" at_most_one_line "$work/stderr"
        claim "that names the limit" has "$limit" "$work/stderr"
    done
    status=0
    with_limit 3 max_net_namespaces || status=$?
    claim "too few namespaces for a call: exit status 3, is $status" test "$status" = 3
    claim "it is the call's outcome" holds '.calls[0].why | contains("namespace")' \
        "$work/limit-3-max_net_namespaces/results.json"
fi

# ---- a host that loses its interface

if command -v ip >/dev/null; then
    # shellcheck disable=SC2016
    run_rtclab 0 exec $open offerer -- bash -c 'ip link del eth0 && sleep 1.5 &&
        read -ra stat </proc/1/stat && [ $((stat[13] + stat[14])) -lt 60 ]'
fi
finish
