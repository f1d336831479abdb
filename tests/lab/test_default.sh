#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The main job: every default scenario in every mode does what its file says must happen.
source "$(dirname "$0")/lib.sh"

run_rtclab 0 run --out "$work/run"
results=$work/run/results.json
n=$("$RTCLAB" list --tag default | wc -l)
claim "there are the scenarios that the project promises" test "$n" -ge 17
claim "each ran in three modes" holds ".calls | length == 3 * $n" "$results"
claim "all as expected" holds 'all(.calls[]; .as_expected)' "$results"
claim "a call that is connected ends soon after" holds '
    .run.costs as $costs | all(.calls[] | select(.outcome == "connected");
        $costs[.key].lab_s - .setup_ms / 1000 < 3)' "$results"
claim "trickle is never slower than full" holds '
    all(.comparisons[] | .trickle_saves_ms.median // 0; . >= 0)' "$results"
claim "a dead STUN server costs full gathering seconds, and trickle nothing" holds '
    .comparisons[] | select(.scenario == "stun/dead")
    | .trickle_saves_ms.median > 3500 and .median_setup_ms.trickle < 1500' "$results"
claim "nothing but a relay leads from one symmetric NAT to another" holds '
    all(.calls[] | select(.scenario == "nat/symmetric~symmetric");
        [.selected[] | .local, .remote] | index("relay") != null)' "$results"
claim "every dropped packet of every call has a reason and a place" bash -c '
    cat "$0"/calls/*/*/*/*/*/events.jsonl |
        jq -e -n "[inputs | select(.kind == \"packet.dropped\")]
            | length > 100 and all(.data.reason != null and .src != \"\")"' "$work/run"
finish
