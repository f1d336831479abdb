#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Whatever happens to rtclab, nothing is left running, and no namespace.
source "$(dirname "$0")/lib.sh"
export RTCLAB_TEST_MARK=$mark

# The network namespaces that processes of the machine are in.
namespaces() {
    readlink /proc/[0-9]*/ns/net 2>/dev/null | sort -u | wc -l
}

# A call that takes long: the wait for it to be in full swing is for its two peers.
start_call() {
    "$RTCLAB" run stun/dead --modes full --out "$work/$1" >"$work/$1.out" 2>&1 </dev/null &
    parent=$!
    for _ in $(seq 100); do
        pgrep -P "$(pgrep -d, -P "$(pgrep -d, -P $parent || echo 0)" || echo 0)" >/dev/null 2>&1 &&
            [ "$(marked | wc -l)" -ge 5 ] && return 0
        sleep 0.1
    done
    return 1
}

status_of() {
    local status=0
    wait "$1" 2>/dev/null || status=$?
    [ "$status" = "$2" ] || { echo "exit status $status"; return 1; }
}

before=$(namespaces)
same_namespaces() {
    [ "$(namespaces)" = "$before" ]
}

claim "a call is running" start_call kill9
kill -9 "$parent"
claim "kill -9 of rtclab: nothing is left" nothing_is_left
claim "and no namespace" same_namespaces
claim "the events up to then are kept" \
    test -s "$work/kill9/calls/nice~nice/stun/dead/full/1/events.jsonl"

claim "a call is running" start_call int
kill -INT "$parent"
claim "SIGINT: exit status 130" status_of "$parent" 130
claim "SIGINT: nothing is left" nothing_is_left
claim "results.json is there and says that it is not complete" \
    holds '.run.complete == false' "$work/int/results.json"

claim "a call is running" start_call term
kill -TERM "$parent"
claim "SIGTERM: exit status 130" status_of "$parent" 130
claim "SIGTERM: nothing is left" nothing_is_left

claim "a call is running" start_call worker
keeper=$(pgrep -P "$parent")
worker=$(pgrep -P "$keeper")
kill -SEGV "$worker"
claim "a crash of the worker: exit status 3" status_of "$parent" 3
claim "it is the call's outcome, with the signal" \
    holds '.calls[0].outcome == "error" and (.calls[0].why | contains("signal 11"))' \
    "$work/worker/results.json"
claim "nothing is left" nothing_is_left
claim "and no namespace" same_namespaces
claim "what was recorded is kept" \
    test -s "$work/worker/calls/nice~nice/stun/dead/full/1/trace.pcapng.part"

claim "a call is running" start_call keeper
keeper=$(pgrep -P "$parent")
kill -9 "$keeper"
claim "kill -9 of the keeper: exit status 3" status_of "$parent" 3
claim "nothing is left" nothing_is_left

"$RTCLAB" exec nat/symmetric~symmetric offerer -- sleep 100 </dev/null >/dev/null 2>&1 &
parent=$!
for _ in $(seq 100); do
    marked | xargs -rI{} cat /proc/{}/comm 2>/dev/null | grep -qx sleep && break
    sleep 0.1
done
kill -9 "$parent"
claim "kill -9 of exec: nothing is left" nothing_is_left
finish
