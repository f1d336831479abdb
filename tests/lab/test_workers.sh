#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Workers make one call after the other: nothing of one is left for the next, and what
# happens to a worker costs only the call that it is at. Which clock a call runs on.
source "$(dirname "$0")/lib.sh"
open=open/open~open
bin=$(dirname "$RTCLAB")

peer() { # name, script on standard input
    cat >"$work/$1"
    chmod +x "$work/$1"
}

# ---- one after the other

run_rtclab 0 run $open --repeat 20 --all-repeats --jobs 3 --out "$work/many"
claim "three workers made sixty calls, all connected" holds \
    '.calls | length == 60 and all(.outcome == "connected" and .as_expected)' "$work/many/results.json"
claim "nothing is left" nothing_is_left
run_rtclab 0 run $open --repeat 2 --modes trickle --clock wall --jobs 1 --out "$work/wall"
claim "nothing is left of calls on the wall clock" nothing_is_left

# What each call finds, before it leaves something of each kind.
peer leaves <<S
#!/bin/bash
echo "id \$\$"
echo "files" /proc/fs/*left*
for comm in /proc/[0-9]*/comm; do read -r name <"\$comm" && echo "process \$name"; done 2>/dev/null
(trap '' TERM HUP; exec setsid sleep 1000) 3>&- &
mkdir -p /proc/fs/left && touch /proc/fs/left/file
exec $bin/rtclab-peer-nice
S
run_rtclab 0 run $open --modes trickle --repeat 3 --all-repeats --jobs 1 --peers "$work/leaves,nice" --out "$work/leaves-run"
logs=("$work"/leaves-run/calls/leaves~nice/$open/trickle/*/offerer.log)
claim "three calls in one worker" test "${#logs[@]}" = 3
claim "no process is left for the next" bash -c '! grep "process sleep" "$@"' - "${logs[@]}"
claim "no file is" bash -c '[ "$(grep -cxh "files /proc/fs/\*left\*" "$@" | paste -sd+)" = 1+1+1 ]' - "${logs[@]}"
claim "process ids start over" bash -c '[ "$(grep -h "^id " "$@" | sort -u | wc -l)" = 1 ]' - "${logs[@]}"
claim "nothing is left" nothing_is_left

# ---- a worker that is killed

# The only child of a process.
child_of() {
    tr -d ' ' <"/proc/$1/task/$1/children"
}

# Waits until a run has some calls behind it.
await_calls() {
    for _ in $(seq 500); do
        [ "$(find "$1/calls" -name trace.pcapng 2>/dev/null | wc -l)" -ge 4 ] && break
        sleep 0.02
    done
}

# Kills a worker at some call; sets `status` to the exit status of the run.
kill_a_worker() {
    local parent keeper worker
    RTCLAB_TEST_MARK=$mark "$RTCLAB" run stun/dead --repeat 10 --all-repeats --jobs 2 \
        --out "$work/killed" >"$work/killed.out" 2>&1 </dev/null &
    parent=$!
    await_calls "$work/killed"
    read -r keeper _ <"/proc/$parent/task/$parent/children"
    worker=$(child_of "$keeper")
    # Between two calls a worker has no children, and nobody misses it.
    for _ in $(seq 1000); do
        [ -n "$(cat "/proc/$worker/task/$worker/children")" ] && break
    done
    kill -9 "$worker"
    status=0
    wait "$parent" || status=$?
}
kill_a_worker
claim "a worker that is killed: exit status 3, is $status" test "$status" = 3
claim "all calls have a result" holds '.run.complete and (.calls | length == 30)' "$work/killed/results.json"
claim "one is an error, which names the signal, and the others connected" holds '
    ([.calls[] | select(.outcome == "error")] | length == 1 and (.[0].why | contains("signal 9")))
    and ([.calls[] | select(.outcome == "connected")] | length == 29)' "$work/killed/results.json"
claim "nothing is left" nothing_is_left

RTCLAB_TEST_MARK=$mark "$RTCLAB" run '*' --repeat 100 --out "$work/kill9" >/dev/null 2>&1 </dev/null &
parent=$!
await_calls "$work/kill9"
kill -9 "$parent"
wait "$parent" 2>/dev/null
claim "kill -9 of rtclab amid many calls: nothing is left" nothing_is_left

RTCLAB_TEST_MARK=$mark "$RTCLAB" run '*' --repeat 100 --out "$work/int" >/dev/null 2>&1 </dev/null &
parent=$!
await_calls "$work/int"
kill -INT "$parent"
status=0
wait "$parent" || status=$?
claim "SIGINT amid many calls: exit status 130, is $status" test "$status" = 130
claim "what was finished is kept, and nothing else" holds '.run.complete == false
    and .run.interrupted and (.calls | length > 0 and all(.outcome != "error"))' "$work/int/results.json"
claim "nothing is left" nothing_is_left

# ---- which clock

if [ -x "$bin/clock_static" ]; then
    run_rtclab 3 run $open --modes trickle --peers "nice,$bin/clock_static" --out "$work/static"
    claim "a static peer: the wall clock, and why" holds '.run.clock == "virtual" and (.calls[0]
        | .clock == "wall" and (.clock_why | test("^.*/clock_static is linked statically$")))' \
        "$work/static/results.json"
    claim "which is said below the table" grep -q "^On the wall clock: 1 call; .*/clock_static is linked statically$" "$work/stdout"
fi

jq '.clock = "wall"' "$RTCLAB_SCENARIOS/$open.json" >"$work/real.json"
run_rtclab 0 run "$work/real.json" $open --modes trickle --out "$work/mixed"
claim "a scenario that says wall has it, another of the run has not" holds '
    [.calls[] | [.scenario, .clock, .clock_why]] | sort
        == [["open/open~open", "virtual", null], ["real", "wall", "the scenario says so"]]' "$work/mixed/results.json"
claim "its packets' lateness is measured" holds 'all(.calls[]; has("lateness") == (.clock == "wall"))' \
    "$work/mixed/results.json"

run_rtclab 0 doctor
claim "doctor says that there is a virtual clock" grep -qE "^ok +virtual clock +works$" "$work/stdout"
# A chroot whose root is no mount itself.
in_jail() {
    unshare --mount bash -c '
        jail=$1 bin=$2
        mkdir -p "$jail$bin"
        for top in /bin /lib /lib64; do
            if [ -L "$top" ]; then cp -P "$top" "$jail"; fi
        done
        for top in /usr /etc /dev /proc "$bin"; do
            mkdir -p "$jail$top" && mount --rbind "$top" "$jail$top" || exit
        done
        exec chroot "$jail" "$bin/rtclab" "${@:3}"' - "$work/jail" "$bin" "$@"
}
if has_own_mounts; then
    claim "a chroot has a virtual clock too" bash -c \
        "$(declare -f in_jail); work='$work' bin='$bin'
         in_jail doctor | grep -qE '^ok +virtual clock +works$'"
fi
mkdir "$work/bare" && cp "$RTCLAB" "$work/bare"
RTCLAB=$work/bare/rtclab run_rtclab 3 doctor
claim "and what it lacks" grep -qE "^missing +virtual clock +there is no librtclab-clock.so" "$work/stdout"

cp "$bin/rtclab-peer-nice" "$work/bare"
RTCLAB=$work/bare/rtclab run_rtclab 0 run $open --modes trickle --out "$work/bare-run"
claim "where it cannot be, calls run on the wall clock, and say why" holds '.calls[0]
    | .outcome == "connected" and .clock == "wall"
      and (.clock_why | contains("librtclab-clock.so"))' "$work/bare-run/results.json"

# The worker's mounts are this peer's too: the hosts of the second call come too late.
peer masks <<S
#!/bin/sh
mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys
exec $bin/rtclab-peer-nice
S
if [ "$(id -u)" = 0 ]; then
    run_rtclab 0 run $open nat/hairpin --modes trickle --jobs 1 --peers "$work/masks,nice" --out "$work/masked"
    claim "a call whose hosts lack settings says so, one before it does not" holds '
        [.calls[] | .repeatable] | sort == [null, false]' "$work/masked/results.json"
    claim "and the table does" grep -q "^Records of 1 call may differ from run to run" "$work/stdout"
    rtclab check --schema results >"$work/results.schema"
    claim "which its schema knows" jq -e '."$defs".call.properties.repeatable' "$work/results.schema"
fi

peer dated <<S
#!/bin/sh
date -u +%FT%H:%M
exec $bin/rtclab-peer-nice
S
run_rtclab 0 run $open --modes trickle --peers "$work/dated,nice" --calendar 2031-05-06T07:08:00Z \
    --out "$work/dated-run"
claim "--calendar is what a program reads" grep -qx 2031-05-06T07:08 \
    "$work/dated-run/calls/dated~nice/$open/trickle/1/offerer.log"

run_rtclab 0 run $open --modes trickle --audit-clock --out "$work/audited"
folder=$work/audited/calls/nice~nice/$open/trickle/1
claim "--audit-clock leaves its file" test -e "$folder/clock-audit.txt"
claim "its lines are counted" jq -e --argjson n "$(wc -l <"$folder/clock-audit.txt")" \
    '.calls[0].clock_bypasses == $n' "$work/audited/results.json"
claim "and told" grep -q "^Clock audit: " "$work/stdout"

# ---- repeats

run_rtclab 0 run $open link/bursty-loss --repeat 5 --modes trickle --out "$work/repeats"
claim "what does not depend on the seed is made twice" holds '
    ([.calls[] | select(.scenario == "open/open~open") | .repeat] == [1, 2]) and .run.complete
    and ([.comparisons[] | select(.scenario == "open/open~open") | .deterministic] == [true])' \
    "$work/repeats/results.json"
claim "and marked in the table" grep -q "^= deterministic" "$work/stdout"
claim "what does, as often as was asked for" holds '
    ([.calls[] | select(.scenario != "open/open~open")] | length == 5)
    and ([.comparisons[] | select(.scenario != "open/open~open") | .deterministic] == [null])' \
    "$work/repeats/results.json"

run_rtclab 0 run $open --seed 5 --modes full --out "$work/first"
for again in 1 2; do
    run_rtclab 0 run --seed 5 "nice~nice/$open/full/1" --out "$work/again-$again"
    claim "a call by its key is the same to the last event ($again)" \
        cmp "$work"/{first,again-$again}"/calls/nice~nice/$open/full/1/events.jsonl"
done
finish
