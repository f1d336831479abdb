#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every scenario that is shipped does in each mode what it says.
source "$(dirname "$0")/lib.sh"

run_rtclab 0 run '*' --out "$work/run"
results=$work/run/results.json
claim "each scenario ran in three modes" holds \
    '(.scenarios | length) as $n | $n >= 33 and (.calls | length == 3 * $n)' "$results"
claim "the default scenarios would take less than a minute" holds '
    .run.elapsed_s < 60' "$results"
claim "a call over TCP is one of TCP candidates" holds '
    all(.calls[] | select(.scenario == "tcp/open~open") | .selected[]; .protocol == "tcp")' "$results"
claim "both peers agree on the selected pair's ends" holds '
    all(.calls[] | select(.outcome == "connected") | .selected;
        .offerer.protocol == .answerer.protocol)' "$results"
finish
