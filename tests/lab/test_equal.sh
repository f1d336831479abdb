#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# On the virtual clock one seed is one call: whatever else the machine does meanwhile, the
# record is the same, byte for byte.
source "$(dirname "$0")/lib.sh"

key=nice~nice/nat/symmetric~symmetric/trickle/1
tcp_key=nice~nice/firewall/udp-blocked~open/half/1

# rerun KEY TIMES: into $work/digests-PID, one line for each.
rerun() {
    local key=$1 times=$2 out=$work/rerun-$BASHPID
    for _ in $(seq "$times"); do
        rtclab run --seed 7 "$key" --out "$out" >/dev/null 2>"$out.err" </dev/null ||
            cat "$out.err"
        cat "$out/calls/$key/events.jsonl" "$out/calls/$key/trace.pcapng" | sha256sum
        rm -rf "$out"
    done >"$work/digests-$BASHPID"
}

busy_loop() { while :; do :; done; }

busy_loop & load=("$!")
busy_loop & load+=("$!")
rerun "$key" 25 & runners=("$!")
rerun "$key" 25 & runners+=("$!")
wait "${runners[@]}"
kill "${load[@]}"
wait "${load[@]}" 2>/dev/null
claim "50 reruns under load, two at a time, are recorded" \
    test "$(cat "$work"/digests-* | wc -l)" = 50
claim "all 50 records are equal" test "$(sort -u "$work"/digests-* | wc -l)" = 1
sort "$work"/digests-* | uniq -c

rm "$work"/digests-*
rerun "$tcp_key" 5
claim "so are those of a call through TURN over TCP" \
    test "$(sort -u "$work"/digests-* | wc -l)" = 1

# The kernel's TCP must not notice that time passes: no route of a host may leave its
# acknowledgments or retransmissions to timers. So a worker may be stopped in a call.
run_rtclab 0 exec tcp/open~open offerer --clock virtual -- ip route
claim "every route has segments acknowledged at once, and no retransmission" bash -c \
    "grep -q . '$work/stdout' && ! grep -v 'rto_min lock 120s quickack 1' '$work/stdout'"
# workers_of PID: its descendants that are workers.
workers_of() {
    local pid up
    for pid in $(grep -lsx rtclab-worker /proc/[0-9]*/comm | cut -d/ -f3); do
        up=$pid
        while [ "${up:-0}" -gt 1 ] && [ "$up" != "$1" ]; do
            up=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$up/status" 2>/dev/null)
        done
        [ "$up" != "$1" ] || echo "$pid"
    done
}
stalled=tcp/open~open
n_stalled=0
for at in 0 0.02 0.04 0.06 0.08; do
    "$RTCLAB" run --seed 7 $stalled --modes half --jobs 1 --out "$work/stalled-$at" >/dev/null 2>&1 &
    run=$!
    # The first ones only try things out; the call's own begins its folder.
    while [ ! -d "$work/stalled-$at/calls" ] && kill -0 "$run" 2>/dev/null; do sleep 0.005; done
    sleep $at
    workers=$(workers_of "$run")
    for pid in $workers; do kill -STOP "$pid" 2>/dev/null && n_stalled=$((n_stalled + 1)); done
    sleep 1.5
    for pid in $workers; do kill -CONT "$pid" 2>/dev/null; done
    wait "$run"
done
claim "workers are found and stopped, $n_stalled" test "$n_stalled" -ge 1
claim "a call over TCP is the same when its worker is stopped for a while" test 1 = \
    "$(sha256sum "$work"/stalled-*/calls/*/*/*/half/1/trace.pcapng | cut -c1-64 | sort -u | wc -l)"

# Signals that are due together while packets are on their way: each reaches a peer that has
# done with the one before.
rm "$work"/digests-*
rerun nice~nice/link/bursty-loss/trickle/2 20
claim "so are those of a call whose signals meet at one time" \
    test "$(sort -u "$work"/digests-* | wc -l)" = 1

# All calls, whatever ran before them in their worker and beside them in others.
for jobs in 1 3; do
    run_rtclab 0 run '*' --seed 7 --jobs "$jobs" --out "$work/all-$jobs"
done
records() { (cd "$work/$1/calls" && find . -name events.jsonl -o -name trace.pcapng | sort | xargs sha256sum); }
claim "the records of all scenarios are equal with one worker and with three" \
    diff <(records all-1) <(records all-3)
claim "of nearly a hundred calls" test "$(records all-3 | wc -l)" -ge 180

# A call is the same alone and among others, in whatever worker it runs after whatever.
run_rtclab 0 run --seed 7 'nat/*' --modes trickle --jobs 3 --out "$work/many"
run_rtclab 0 run --seed 7 "$key" --out "$work/alone"
for file in events.jsonl trace.pcapng; do
    claim "$file is the same alone and among others" \
        cmp "$work/many/calls/$key/$file" "$work/alone/calls/$key/$file"
done
run_rtclab 0 run --seed 8 "$key" --out "$work/other"
claim "another seed is another call" bash -c \
    "! cmp -s '$work/alone/calls/$key/trace.pcapng' '$work/other/calls/$key/trace.pcapng'"
run_rtclab 0 run --seed 7 --kernel-random "$key" --out "$work/chance"
claim "with the kernel's chance it is another call too" bash -c \
    "! cmp -s '$work/alone/calls/$key/trace.pcapng' '$work/chance/calls/$key/trace.pcapng'"

claim "the calendar starts at a fixed date" bash -c \
    "TZ=UTC tshark -r '$work/alone/calls/$key/trace.pcapng' -c 1 -T fields -e frame.time_epoch |
        grep -q '^17356896'"
run_rtclab 0 run --seed 7 --calendar 2030-06-01T12:00:00Z "$key" --out "$work/later"
claim "or at the one that was asked for" bash -c \
    "tshark -r '$work/later/calls/$key/trace.pcapng' -c 1 -T fields -e frame.time_epoch |
        grep -q '^190654560'"

# coturn takes the numbers of its relays' ports from the date.
timeline() {
    sed 's/,"data":.*//' "$work/$1/calls/$key/events.jsonl"
}
claim "which changes no time and no order" \
    test "$(timeline alone | sha256sum)" = "$(timeline later | sha256sum)"
claim "of a hundred events and more" test "$(timeline later | wc -l)" -gt 100
finish
