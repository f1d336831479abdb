#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Calls of headless Chromium with itself and with webrtcbin, on the wall clock.
source "$(dirname "$0")/lib.sh"
browser=chromium
source "$here/browsers.sh"

claims_without_a_browser
command -v chromium >/dev/null || {
    echo "left out: chromium is not installed"
    finish
}
claims_of_presence
relax_scenarios

# Behind a firewall without UDP Chromium gathers for 40 s: its offer would be that late
# (harness/peer/README.md).
calls chromium same $open "$nats"
calls chromium same-blocked "$blocked" --modes trickle
if [ -x "$(dirname "$RTCLAB")/rtclab-peer-gst" ]; then
    calls gst,chromium gst-first $open "$nats" "$blocked"
    calls chromium,gst gst-second $open "$nats"
    calls chromium,gst gst-blocked "$blocked" --modes trickle
else
    echo "left out: rtclab-peer-gst was not built"
fi
jq '.restart_ice = true' "$work/scenarios/interop/open.json" >"$work/scenarios/session/restart-with-media.json"
run_rtclab 0 run --scenarios "$work/scenarios" --peers chromium --jobs 1 --modes trickle --out "$work/more" \
    session/restart-with-media session/unordered-echo media/echo media/one-way
claim "ICE restarts; data, audio and video come back; media goes one way" holds '
    .calls | length == 4 and all(.as_expected and .outcome == "connected")' "$work/more/results.json"
claims_of_a_call "$work/same/calls/chromium~chromium/$open/trickle/1"
finish
