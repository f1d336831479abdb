#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The HTML report, opened from disk in headless Chromium as a person would.
# REPORT_PICTURES=FOLDER keeps pictures of each page.
source "$(dirname "$0")/lib.sh"

programs=$(dirname "$RTCLAB")
[ -x "$programs/page_driver" ] || skip "page_driver was not built"
command -v chromium >/dev/null || skip "chromium is not installed"
pictures=${REPORT_PICTURES:-$work}

# drive NAME: the script on standard input, REPORT in it being where the report is. At its end
# nothing may be in the console, and nothing asked for but the report's own files.
drive() {
    local script=$work/$1.script
    { cat; echo "silent a REPORT"; } | sed "s|REPORT|$report|g" >"$script"
    timeout 150 "$programs/page_driver" "$pictures" "$script"
}

run_rtclab 0 run --out "$work/run"
report=file://$work/run/report/
claim "the report opens, and a call in it, without a message or a request" drive opens <<'S'
open a REPORTindex.html
await a document.querySelector('h1') !== null
await a (location.hash = "#/call/nice~nice/stun/dead/full/1", true)
await a document.querySelector('h1').textContent.includes("stun/dead")
S
finish
