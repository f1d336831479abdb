#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Whatever happens to rtclab, nothing is left running, and no namespace.
source "$(dirname "$0")/lib.sh"

# Starts a call that takes long, which it does on the wall clock alone, and is not made again
# when it fails; returns when both its peers run. Sets `parent`, and `spaces`: the namespaces of its worker, hosts and peers.
start_call() {
    RTCLAB_TEST_MARK=$mark "$RTCLAB" run stun/dead --modes full --clock wall --retries 0 --out "$work/$1" >"$work/$1.out" 2>&1 </dev/null &
    parent=$!
    for _ in $(seq 100); do
        if [ "$(cat $(marked | sed 's|.*|/proc/&/comm|') 2>/dev/null | grep -c rtclab-peer)" = 2 ]; then
            spaces=$(marked_namespaces)
            [ "$(wc -w <<<"$spaces")" -ge 3 ] && return 0
        fi
        sleep 0.1
    done
    return 1
}

# Nobody is in those namespaces any more, and nothing holds them by a mount.
no_namespace_is_left() {
    [ -n "$spaces" ] || return 1
    if readlink /proc/[0-9]*/ns/net 2>/dev/null | grep -xF "$spaces"; then return 1; fi
    ! grep nsfs /proc/*/mounts 2>/dev/null
}

# The only child of a process.
child_of() {
    cat "/proc/$1/task/$1/children" | tr -d ' '
}

status_of() {
    local status=0
    wait "$1" 2>/dev/null || status=$?
    [ "$status" = "$2" ] || { echo "exit status $status"; return 1; }
}

claim "a call is running" start_call kill9
kill -9 "$parent"
claim "kill -9 of rtclab: nothing is left" nothing_is_left
claim "and no namespace" no_namespace_is_left
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
kill -9 "$(child_of "$(child_of "$parent")")"
claim "a crash of the worker: exit status 3" status_of "$parent" 3
claim "it is the call's outcome, with the signal" \
    holds '.calls[0].outcome == "error" and (.calls[0].why | contains("signal 9"))' \
    "$work/worker/results.json"
claim "nothing is left" nothing_is_left
claim "and no namespace" no_namespace_is_left
claim "what was recorded is kept" \
    test -s "$work/worker/calls/nice~nice/stun/dead/full/1/trace.pcapng.part"

claim "a call is running" start_call keeper
kill -9 "$(child_of "$parent")"
claim "kill -9 of the keeper: exit status 3" status_of "$parent" 3
claim "nothing is left" nothing_is_left

RTCLAB_TEST_MARK=$mark "$RTCLAB" exec nat/symmetric~symmetric offerer -- sleep 100 </dev/null >/dev/null 2>&1 &
parent=$!
for _ in $(seq 100); do
    cat $(marked | sed 's|.*|/proc/&/comm|') 2>/dev/null | grep -qx sleep && break
    sleep 0.1
done
kill -9 "$parent"
claim "kill -9 of exec: nothing is left" nothing_is_left
finish
