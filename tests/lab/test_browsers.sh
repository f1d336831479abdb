#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Browsers that are not there, and programs that are none. Needs no browser.
source "$(dirname "$0")/lib.sh"

printf '#!/bin/sh\necho no display here >&2\nexit 7\n' >"$work/broken"
printf '#!/bin/sh\nexec sleep 1000\n' >"$work/hangs"
chmod +x "$work/broken" "$work/hangs"

# call BROWSER PROGRAM STATUS: one that takes the program for the browser.
call() {
    export "RTCLAB_${1^^}=$2"
    results=$work/$1-${2##*/}/results.json
    run_rtclab "$3" run interop/open --modes full --peers "$1" --out "${results%/*}"
    unset "RTCLAB_${1^^}"
}

for browser in chromium firefox; do
    [ -x "$(dirname "$RTCLAB")/rtclab-peer-$browser" ] || continue
    call $browser /no/such/browser 0
    claim "$browser is not installed: unsupported, and how to install it" holds '.calls[0]
        | .outcome == "unsupported" and (.why
            | contains("RTCLAB_'${browser^^}'=/no/such/browser") and contains("./quickstart.sh deps --all"))' "$results"
    call $browser "$work/broken" 3
    claim "$browser ends: an error with its own words" holds '.calls[0]
        | .outcome == "error" and (.why | contains("exited with 7: no display here"))' "$results"
    call $browser "$work/hangs" 3
    claim "$browser does not answer: an error that says so" holds '.calls[0]
        | .outcome == "error" and (.why | contains("'$browser' hangs"))' "$results"
done
claim "nothing of them is left" nothing_is_left
finish
