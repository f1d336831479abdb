#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Calls of headless Chromium with itself and with webrtcbin, on the wall clock.
source "$(dirname "$0")/lib.sh"
browser=chromium
source "$here/browsers.sh"

command -v chromium >/dev/null || skip "chromium is not installed"
claims_of_presence
relax_scenarios
claims_of_a_death "$(command -v chromium)"

# Behind a firewall without UDP Chromium gathers for 40 s: its offer would be that late
# (harness/peer/README.md).
calls chromium same $open "$nats" "$blocked"
if [ -x "$(dirname "$RTCLAB")/rtclab-peer-gst" ]; then
    calls gst,chromium gst-first $open "$nats" "$blocked"
    calls chromium,gst gst-second $open "$nats" "$blocked" --modes trickle
else
    echo "left out: rtclab-peer-gst was not built"
fi
jq '.restart_ice = true' "$work/scenarios/interop/open.json" >"$work/scenarios/session/restart-with-media.json"
run_rtclab 0 run --scenarios "$work/scenarios" --peers chromium --jobs 1 --modes trickle --out "$work/more" \
    session/restart-with-media session/unordered-echo media/echo media/one-way
claim "ICE restarts; data, audio and video come back; media goes one way" holds '
    .calls | length == 4 and all(.as_expected and .outcome == "connected")' "$work/more/results.json"
RTCLAB_MDNS=1 run_rtclab 0 run --scenarios "$work/scenarios" 'interop/port-restricted-cone~symmetric-data' \
    --peers chromium --jobs 1 --modes trickle --out "$work/mdns"
claim "asked for it, mDNS names stand for addresses" bash -c 'jq -se "
    [.[] | select(.kind == \"peer.candidate\" and .data.type == \"host\") | .data.address]
    | length >= 2 and all(endswith(\".local\"))" "$1"/mdns/calls/*/*/*/*/1/events.jsonl' - "$work"
claims_of_a_call "$work/same/calls/chromium~chromium/$open/trickle/1"
finish
