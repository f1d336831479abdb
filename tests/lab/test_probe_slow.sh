#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The cases that wait for minutes, on the virtual clock: against coturn in an emulated network,
# and on the built-in server with each of its defects.
source "$(dirname "$0")/lib.sh"
probe=$(dirname "$RTCLAB")/rtcprobe
known=$here/../data/probe/coturn.json
export probe known work

begun=$EPOCHREALTIME
# shellcheck disable=SC2016
run_rtclab 0 exec --clock virtual open/open~open offerer -- sh -c '
    "$probe" conform "turn:$RTCLAB_SERVER_TURN" -u "$RTCLAB_USERNAME" --pass-env RTCLAB_PASSWORD \
        --slow --known "$known" --seed 7 -o json >"$work/conform.json"'
took_s=$(jq -n "$EPOCHREALTIME - $begun")
claim "the slow cases were tried, and passed or failed as is known of coturn" holds '
    .items | map(select(.name == ("A07", "L25", "P08", "C14", "C15", "C16", "T07")))
        | length == 7 and all(.status == "pass" or .known.status == "fail")' "$work/conform.json"
claim "they took ten minutes and more of virtual time" holds \
    '[.items[].duration_ms] | max > 600000' "$work/conform.json"
claim "all cases took less than 60 s (it took $took_s)" jq -ne "$took_s < 60"

# shellcheck disable=SC2016
run_rtclab 0 exec --clock virtual open/open~open offerer -- sh -c \
    '"$probe" selftest --slow @slow -o json >"$work/selftest.json"'
claim "each slow case can pass and can fail" holds '
    .items | length == 7 and all(.status == "pass" and (.tries | length >= 2))' "$work/selftest.json"
finish
