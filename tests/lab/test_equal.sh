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
