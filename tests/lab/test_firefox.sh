#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Calls of headless Firefox with Chromium and with webrtcbin, on the wall clock.
source "$(dirname "$0")/lib.sh"
browser=firefox
source "$here/browsers.sh"

[ -x "$(dirname "$RTCLAB")/rtclab-peer-firefox" ] || skip "rtclab-peer-firefox was not built"
command -v firefox-esr >/dev/null || skip "firefox-esr is not installed"
claims_of_presence
relax_scenarios
claims_of_a_death "$(command -v firefox-esr)"

if command -v chromium >/dev/null; then
    calls firefox,chromium chromium $open
    claims_of_a_call "$work/chromium/calls/firefox~chromium/$open/trickle/1"
else
    echo "left out: chromium is not installed"
fi
if [ -x "$(dirname "$RTCLAB")/rtclab-peer-gst" ]; then
    calls gst,firefox gst-first $open "$nats" "$blocked" --modes trickle
    calls firefox,gst gst-second $open --modes half
else
    echo "left out: rtclab-peer-gst was not built"
fi
finish
