#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A run shared by several machines, played by as many processes with the environments of
# the systems that would start them, is the run of one machine, byte for byte. So is one
# that was interrupted or killed and goes on.
source "$(dirname "$0")/lib.sh"

# With chance and without, so that some repeats are left out and others are not.
scenarios=(stun/dead link/bursty-loss open/open~open nat/hairpin turn/wrong-credentials)
options=("${scenarios[@]}" --repeat 3 --seed 7)

# What a seed decides of a run, and its records.
decided() { jq -S '.scenarios, .calls, .comparisons' "$work/$1/results.json"; }
records() {
    (cd "$work/$1/calls" &&
        find . \( -name events.jsonl -o -name trace.pcapng -o -name timeline.json \) -print0 |
        sort -z | xargs -0 sha256sum)
}
is_same_run() {
    cmp <(decided "$1") <(decided whole) && diff <(records "$1") <(records whole)
}

run_rtclab 0 run "${options[@]}" --out "$work/whole"
claim "there are repeats that were left out, and others" holds '
    .run.plan.calls == 45 and (.calls | length) == 33' "$work/whole/results.json"
claim "a complete run leaves no journal" test ! -e "$work/whole/journal.jsonl"

# environment_of SYSTEM K N: what it sets.
environment_of() {
    case $1 in
    gitlab) echo "CI_NODE_INDEX=$2 CI_NODE_TOTAL=$3" ;;
    kubernetes) echo "JOB_COMPLETION_INDEX=$(($2 - 1)) RTCLAB_SHARDS=$3" ;;
    slurm) echo "SLURM_ARRAY_TASK_ID=$2 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=$3" \
        "SLURM_ARRAY_TASK_COUNT=$3" ;;
    slurm-steps) echo "SLURM_ARRAY_TASK_ID=$(($2 * 10)) SLURM_ARRAY_TASK_MIN=10" \
        "SLURM_ARRAY_TASK_MAX=$(($3 * 10)) SLURM_ARRAY_TASK_COUNT=$3" ;;
    esac
}

# run_shards SYSTEM N [OPTION...]: two at a time, each in a process of its own.
run_shards() {
    local system=$1 n=$2 k variables words pids=() is=0
    shift 2
    for k in $(seq "$n"); do
        words=(run "${options[@]}" "$@" --out "$work/$system-$n-$k")
        read -ra variables <<<"$(environment_of "$system" "$k" "$n")"
        [ "$system" != matrix ] || words+=(--shard "$k/$n")
        env "${variables[@]}" RTCLAB_TEST_MARK="$mark" "$RTCLAB" "${words[@]}" \
            >"$work/$system-$n-$k.txt" 2>&1 </dev/null &
        pids+=("$!")
        ((k % 2)) || { wait "${pids[@]}" || is=$?; pids=(); }
    done
    ((${#pids[@]} == 0)) || wait "${pids[@]}" || is=$?
    return $is
}

for way in matrix:1 gitlab:2 kubernetes:3 slurm:5 slurm-steps:7; do
    system=${way%:*} n=${way#*:}
    claim "$n shards, as by $system, do what they should" run_shards "$system" "$n"
    run_rtclab 0 merge "$work/$system-$n"-*/ --out "$work/$system"
    claim "merged they are the run on one machine" is_same_run "$system"
    claim "which tells its shards" holds ".run.shards | length == $n" "$work/$system/results.json"
    claim "none made all calls, none twice" test "$n" = 1 -o "$(
        jq -s 'map(.calls | length) | (add == 33) and (max < 33)' \
            "$work/$system-$n"-*/results.json)" = true
done
claim "what the environment said is told" \
    has "Shard 2/5: SLURM_ARRAY_TASK_ID (--shard 1/1 runs all)" "$work/slurm-5-2.txt"
claim "and what the user said is not" bash -c "! grep -q '^Shard' '$work/matrix-1-1.txt'"
claim "a report of the merged run is there" test -s "$work/slurm/report/index.html"
CI_NODE_INDEX=2 CI_NODE_TOTAL=5 run_rtclab 0 run open/open~open --shard 1/1 --out "$work/all"
claim "--shard 1/1 turns it off" holds '.calls | length == 3' "$work/all/results.json"
CI_NODE_INDEX=2 CI_NODE_TOTAL=5 run_rtclab 0 run nice~nice/open/open~open/full/1 --out "$work/key"
claim "so does a call's key" holds '.calls | length == 1' "$work/key/results.json"
JOB_COMPLETION_INDEX=1 run_rtclab 2 run open/open~open --out "$work/unknown"
claim "an index of nobody knows how many is a mistake" has "does not tell of how many" "$work/stderr"

# A shard comes from another machine, which may put a link where a record should be.
mkdir "$work/private" && touch "$work/private/key"
cp -r "$work/matrix-1-1" "$work/linked"
record=$(jq -r '.calls[0].key' "$work/linked/results.json")
rm -r "$work/linked/calls/$record" && ln -s "$work/private" "$work/linked/calls/$record"
run_rtclab 0 merge "$work/linked/results.json" --out "$work/unlinked"
claim "a record that is a link is told as not there" has "lacks the records of 1 call" "$work/stderr"
claim "and nothing behind it is taken" test -z "$(find "$work/unlinked" -name key)"
touch "$work/private/kept" && ln -s "$work/private/kept" "$work/unlinked/junit.xml.part"
run_rtclab 0 report "$work/unlinked/results.json"
claim "nor is anything behind a link written" test ! -s "$work/private/kept"

# By what an earlier run took.
claim "shards by durations do what they should" run_shards matrix 4 --durations "$work/whole"
run_rtclab 0 merge "$work"/matrix-4-[1-4] --out "$work/balanced"
claim "they are dealt out otherwise" test "$(jq -r .run.plan.dealt "$work/matrix-4-1/results.json")" != \
    "$(rtclab run "${options[@]}" --shard 1/4 --out "$work/plain-4-1" >/dev/null 2>&1 </dev/null
        jq -r .run.plan.dealt "$work/plain-4-1/results.json")"
claim "and merged they are the same run" is_same_run balanced
run_rtclab 2 merge "$work/plain-4-1" "$work/matrix-4-2" --out "$work/mixed"
claim "those dealt out by other durations are refused" has "dealt out by other durations" "$work/stderr"

# A shard more than there is to do has nothing to do.
run_rtclab 0 run open/open~open --shard 1/2 --out "$work/few-1"
run_rtclab 0 run open/open~open --shard 2/2 --out "$work/few-2"
claim "one of them has no call" test "$(jq -s 'map(.calls | length) | sort == [0, 3]' \
    "$work"/few-?/results.json)" = true
run_rtclab 0 merge "$work"/few-? --out "$work/few"

# What does not belong together.
run_rtclab 5 merge "$work"/slurm-5-[1345] --out "$work/missing"
claim "a missing shard is told" has "shard 2/5 is missing" "$work/stderr"
claim "and stands in the results" holds '.run.complete == false and .run.missing_shards == ["2/5"]' \
    "$work/missing/results.json"
run_rtclab 2 merge "$work"/slurm-5-[12] "$work/slurm-5-2" --out "$work/twice"
claim "one that is there twice is refused" has "shard 2/5 is there twice" "$work/stderr"
run_rtclab 0 run "${scenarios[@]}" --repeat 3 --seed 8 --shard 2/5 --out "$work/other"
run_rtclab 2 merge "$work/slurm-5-1" "$work/other" --out "$work/none"
claim "one of another run is refused" has "seed: 7 in" "$work/stderr"
run_rtclab 2 merge "$work/slurm-5-1" "$work" --out "$work/none"
run_rtclab 2 merge "$work"/slurm-5-? --out "$work/whole"
claim "no earlier run is written over" has "holds an earlier run" "$work/stderr"
claim "and no folder is left behind" test ! -e "$work/none" -a ! -e "$work/twice"

# Where links cannot be made, records are copied.
if has_own_mounts; then
    mkdir "$work/mount"
    claim "records are copied to another file system" unshare --mount bash -c "
        mount -t tmpfs none '$work/mount' &&
        '$RTCLAB' merge '$work'/slurm-5-[12345] --out '$work/mount/run' &&
        cmp '$work'/{whole,mount/run}/calls/nice~nice/stun/dead/full/1/trace.pcapng"
fi

lines_of() { cat "$work/$1/journal.jsonl" 2>/dev/null | wc -l; }

# cut_off SIGNAL LINES NAME: ends a run when its journal has that many lines.
cut_off() {
    local run is=0
    RTCLAB_TEST_MARK=$mark "$RTCLAB" run "${options[@]}" --jobs 2 --out "$work/$3" \
        >"$work/$3.txt" 2>&1 </dev/null &
    run=$!
    until [ "$(lines_of "$3")" -ge "$2" ]; do
        kill -0 "$run" 2>/dev/null || break
        sleep 0.01
    done
    sleep "0.0$((RANDOM % 10))" # in the middle of a call
    kill -"$1" "$run"
    wait "$run" 2>/dev/null || is=$?
    echo "SIG$1 at $(lines_of "$3") lines: $is"
    [ "$is" = $((128 + $(kill -l "$1"))) ]
}
for cut in KILL:1 INT:1 KILL:4 INT:9 KILL:20; do
    signal=${cut%:*} lines=${cut#*:} name=$signal-${cut#*:}
    claim "a run is ended by SIG$signal" cut_off "$signal" "$lines" "$name"
    [ "$signal" = KILL ] ||
        claim "and says how to go on" \
            grep -qx "To go on: the same command with --resume $work/$name" "$work/$name.txt"
    kept=$(($(lines_of "$name") - 1))
    cp "$work/$name/journal.jsonl" "$work/journal"
    run_rtclab 2 run "${options[@]}" --out "$work/$name"
    run_rtclab 0 run "${options[@]}" --jobs 1 --resume "$work/$name"
    claim "goes on to what it would have been, $kept calls kept" is_same_run "$name"
    claim "made only what was missing" holds '.run.resumed == 1 and .run.complete' \
        "$work/$name/results.json"
    claim "kept the costs of what was done" test "$(jq -n --slurpfile journal "$work/journal" \
        --slurpfile results "$work/$name/results.json" \
        '[$journal[1:][] | .cost == $results[0].run.costs[.result.key]] | all')" = true
    claim "and leaves no journal" test ! -e "$work/$name/journal.jsonl"
done

# Twice, and without the journal; a shard, too.
claim "a run is ended" cut_off INT 5 twice
rm "$work/twice/journal.jsonl"
RTCLAB_TEST_MARK=$mark "$RTCLAB" run "${options[@]}" --resume "$work/twice" >/dev/null 2>&1 </dev/null &
run=$!
until [ "$(lines_of twice)" -ge 15 ] || ! kill -0 "$run" 2>/dev/null; do sleep 0.01; done
kill -KILL "$run"
wait "$run" 2>/dev/null
run_rtclab 2 run "${scenarios[@]}" --repeat 4 --seed 7 --resume "$work/twice"
claim "going on otherwise is refused" has "repeat: 3 in the run in" "$work/stderr"
run_rtclab 2 run "${options[@]}" --shard 1/2 --resume "$work/twice"
claim "and as a shard" has "one of 1 shards" "$work/stderr"
run_rtclab 0 run "${options[@]}" --resume "$work/twice"
claim "a run goes on twice, from its results and from its journal" is_same_run twice
claim "and tells it" holds '.run.resumed == 2' "$work/twice/results.json"
run_rtclab 0 run "${options[@]}" --resume "$work/twice"
claim "one that is complete stays what it is" is_same_run twice
run_rtclab 2 run "${options[@]}" --resume "$work/nowhere"
claim "where no run is there is nothing to go on with" has "there is no run to go on with" "$work/stderr"
claim "and nothing is made" test ! -e "$work/nowhere"

# Only one at a time writes in a folder.
RTCLAB_TEST_MARK=$mark "$RTCLAB" run "${options[@]}" --all-repeats --repeat 100 --out "$work/busy" \
    >/dev/null 2>&1 </dev/null &
run=$!
until [ -e "$work/busy/journal.jsonl" ]; do sleep 0.05; done
run_rtclab 3 run "${options[@]}" --all-repeats --repeat 100 --resume "$work/busy"
claim "a run that goes on is not gone on with" has "another run is writing in" "$work/stderr"
kill -INT "$run"
wait "$run"
claim "nothing is left" nothing_is_left
finish
