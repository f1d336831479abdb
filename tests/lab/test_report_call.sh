#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The page of a call in the HTML report, opened from disk in headless Chromium as a person
# would: that it shows what the record says, that zoom, pointer and keys work, that nothing
# of a record can be anything but text. REPORT_PICTURES=FOLDER keeps pictures of it.
source "$(dirname "$0")/lib.sh"

programs=$(dirname "$RTCLAB")
[ -x "$programs/page_driver" ] || skip "page_driver was not built"
command -v chromium >/dev/null || skip "chromium is not installed"
pictures=${REPORT_PICTURES:-$work}

# drive NAME: the script on standard input, with what `report` and `numbers` say in the place
# of REPORT and of @NAME@. At its end nothing may be in the console of tab a, and nothing asked
# for but the report's own files.
drive() {
    local script=$work/$1.script
    { cat; echo "silent a REPORT"; } | sed -e "s|REPORT|$report|g" "${numbers[@]}" >"$script"
    timeout 150 "$programs/page_driver" "$pictures" "$script"
}
numbers=()
number() { numbers+=(-e "s|@$1@|$2|g"); }

run_rtclab 0 run --modes trickle,full --seed 1 --out "$work/run" nat/symmetric~symmetric \
    turn/wrong-credentials signaling/blocked link/bursty-loss
report=file://$work/run/report/
symmetric=$work/run/calls/nice~nice/nat/symmetric~symmetric/trickle/1
call='nice~nice/nat/symmetric~symmetric/trickle/1'

# ---- what the record says, from the record and not from the page

number DROPPED "$(jq -s 'map(select(.kind == "packet.dropped")) | length' "$symmetric/events.jsonl")"
number CAUSE "$(jq -r '.cause.packets | join(", ")' \
    "$work/run/calls/nice~nice/turn/wrong-credentials/full/1/timeline.json")"
number MAPPINGS "$(jq -s 'map(select(.kind == "nat.mapping-created")) | length' "$symmetric/events.jsonl")"
for role in offerer answerer; do
    number "${role^^}_CANDIDATES" "$(jq ".candidates.$role | length" "$symmetric/timeline.json")"
    number "${role^^}_PAIRS" "$(jq ".pairs.$role | length" "$symmetric/timeline.json")"
done
number PACKETS "$(jq '[.packets[].id] | unique | length' "$symmetric/timeline.json")"
number STUN "$(jq '[.packets[] | select(.message != null).id] | unique | length' "$symmetric/timeline.json")"
number PARTS "$(jq '[.blame.parts_ms[]] | add' "$symmetric/timeline.json")"
# One that was dropped: its id, at how many taps it was seen, who dropped it.
dropped=$(jq -c '[.packets[] | select(.verdict == "dropped")][2]' "$symmetric/timeline.json")
id=$(jq -r .id <<<"$dropped")
number ID "$id"
number TAPS "$(jq --arg id "$id" '[.packets[] | select(.id == $id)] | length' "$symmetric/timeline.json")"
number ELEMENT "$(jq -r .element <<<"$dropped")"
number REASON "$(jq -r .reason <<<"$dropped")"

sum='((selector, of) => [...document.querySelectorAll(selector)].reduce((n, e) => n + Number(of(e)), 0))'
claim "lanes, tables and ladder show what the record says" drive record <<S
open a REPORTindex.html#/call/$call
await a document.querySelector(".call-body[data-ready]") !== null
press a [data-zoom=all]
await a document.querySelector(".call-lanes-box").dataset.view.startsWith("-")
await a $sum(".call-lanes .cross.dropped", (e) => e.dataset.count) === @DROPPED@
check a document.querySelectorAll(".call-lanes .mapping").length === @MAPPINGS@
check a document.querySelectorAll(".call-mappings tbody tr").length === @MAPPINGS@
check a document.querySelector(".call-toolbar").textContent.includes("@PACKETS@ packets")
check a document.querySelector(".call-dropped").dataset.count === "@DROPPED@"
check a document.querySelectorAll(".call-dropped tbody tr").length === @DROPPED@
check a document.querySelectorAll('[aria-label="Candidates of the offerer"] tbody tr').length === @OFFERER_CANDIDATES@
check a document.querySelectorAll('[aria-label="Candidates of the answerer"] tbody tr').length === @ANSWERER_CANDIDATES@
check a document.querySelectorAll('[aria-label="Candidate pairs of the offerer"] tbody tr').length === @OFFERER_PAIRS@
check a document.querySelectorAll('[aria-label="Candidate pairs of the answerer"] tbody tr').length === @ANSWERER_PAIRS@
check a document.querySelector(".call-ladder .call-filter").textContent.includes("@STUN@ messages")
check a Math.abs($sum(".call-parts li", (e) => e.dataset.ms) - @PARTS@) < 0.5
check a document.querySelectorAll(".call-lanes rect.segment").length > 2
check a [...document.querySelectorAll(".sdp-changed")].some((e) => e.textContent.includes("ice-ufrag"))
check a document.querySelector(".call-modes a[aria-current]").textContent.includes("trickle")
check a document.querySelector("[data-artifact=pcap]").href.endsWith("/symmetric~symmetric/trickle/1/trace.pcapng")
check a [...document.querySelectorAll(".call-capture code")].some((e) => e.textContent.includes("rtclab run") && e.textContent.includes("$call"))
whole a call-light.png
scheme a dark
whole a call-dark.png
medium a print
whole a call-print.png
S

claim "zoom and pan, by button, wheel, drag and key, stand in the URL, and a URL is a view" drive zoom <<S
open a REPORTindex.html#/call/$call
await a document.querySelector(".call-body[data-ready]") !== null
await a document.querySelectorAll(".call-lanes .cross").length > 0
check a !location.hash.includes("t=")
press a [data-zoom=in]
await a /[?&]t=\d/.test(location.hash)
await a (globalThis.before = document.querySelector(".call-lanes-box").dataset.view) !== ""
press a .call-lanes-box
key a Escape
await a document.activeElement.className.includes("call-lanes-box")
wheel a -240
await a document.querySelector(".call-lanes-box").dataset.view !== before
await a (globalThis.before = document.querySelector(".call-lanes-box").dataset.view) !== ""
drag a 200 0
await a document.querySelector(".call-lanes-box").dataset.view !== before
await a (globalThis.before = document.querySelector(".call-lanes-box").dataset.view) !== ""
key a -
await a document.querySelector(".call-lanes-box").dataset.view !== before
key a 0
await a document.querySelector(".call-lanes-box").dataset.view.startsWith("-")
press a [data-zoom=setup]
await a !location.hash.includes("t=")
await a (location.hash = "#/call/$call?t=100.000..300.000", true)
await a document.querySelector(".call-lanes-box").dataset.view === "100.000..300.000"
open b REPORTindex.html#/call/$call?t=100.000..300.000
await b document.querySelector(".call-lanes-box").dataset.view === "100.000..300.000"
S

claim "a packet is shown at all its taps, by pointer, by URL and by keys" drive hover <<S
open a REPORTindex.html#/call/$call
await a document.querySelectorAll(".call-lanes .cross").length > 0
point a .call-lanes g.cross
await a document.querySelectorAll(".call-lanes circle.chosen.main").length > 1
check a document.querySelector(".call-lanes path.chosen.main.dropped") !== null
check a document.querySelector(".call-tip").textContent.includes("dropped by")
press a .call-lanes g.cross
await a /packet=\d+/.test(location.hash)
await a document.querySelector(".call-detail").hidden === false
key a Escape
await a document.querySelector(".call-detail").hidden === true
check a !location.hash.includes("packet=")
key a ArrowDown
key a ArrowRight
await a /\d+ of \d+:/.test(document.querySelector(".call-chart [role=status]").textContent)
await a (location.hash = "#/call/$call?packet=@ID@", true)
await a document.querySelector(".call-detail").hidden === false
await a document.querySelectorAll(".call-lanes circle.chosen.main").length === @TAPS@
check a document.querySelectorAll(".call-detail tbody tr").length === @TAPS@
check a document.querySelector(".call-detail").textContent.includes("dropped by @ELEMENT@: @REASON@")
check a document.querySelector(".call-detail").textContent.includes("integrity verifies")
check a document.querySelector(".call-detail").textContent.includes("ICE-CONTROLL")
check a [...document.querySelectorAll(".call-detail code")].some((e) => e.textContent === "frame.packet_id == @ID@")
check a [...document.querySelectorAll(".call-detail code")].some((e) => /^stun.id == ([0-9a-f]{2}:){11}[0-9a-f]{2}$/.test(e.textContent))
picture a call-packet.png
S

claim "the ladder opens a message to its attributes, and shows a pair's checks alone" drive ladder <<S
open a REPORTindex.html#/call/$call
await a document.querySelector(".call-body[data-ready]") !== null
press a .call-ladder-row
await a document.querySelector(".call-ladder-inside dt") !== null
check a document.querySelector(".call-ladder-row").getAttribute("aria-expanded") === "true"
check a document.querySelector(".call-ladder-inside").textContent.includes("SOFTWARE")
check a document.querySelector(".call-ladder-inside").textContent.includes("libnice")
await a (location.hash = "#/call/$call?stun=trouble", true)
await a [...document.querySelectorAll(".call-ladder-rows li")].every((e) => e.querySelector(".call-arrow .dropped, .call-arrow .again, .call-arrow .error"))
check a document.querySelectorAll(".call-ladder-rows li").length > @DROPPED@
await a (document.querySelector(".call-pair details").open = true)
press a .call-pair details[open] .call-pair-ladder
await a location.hash.includes("pair=offerer.")
S

claim "a call that failed says its cause first, with its packets" drive cause <<'S'
open a REPORTindex.html#/call/nice~nice/turn/wrong-credentials/full/1
await a document.querySelector(".call-cause .call-link") !== null
check a document.querySelector(".call-cause").textContent.includes("401")
check a document.querySelector(".call-cause").textContent.includes("Packets: @CAUSE@")
check a document.querySelector(".call-cause").getBoundingClientRect().top < document.querySelector(".call-modes").getBoundingClientRect().top
press a .call-cause .call-link
await a document.querySelector(".call-detail h2").textContent.includes("Allocate")
picture a call-cause.png
await a (location.hash = "#/call/nice~nice/signaling/blocked/full/1", true)
await a document.querySelector(".call-cause .call-link") !== null
check a document.querySelector(".call-cause").textContent.includes("office/firewall")
check a document.querySelectorAll(".call-lanes .cross").length === 1
picture a call-blocked.png
S

claim "on a phone nothing sticks out, and the chart is used by finger's width" drive phone <<S
open a REPORTindex.html#/call/$call
size a 360x740
await a document.querySelector(".call-body[data-ready]") !== null
await a document.querySelectorAll(".call-lanes .cross").length > 0
check a document.documentElement.scrollWidth <= 360
whole a call-phone.png
S

# ---- what Wireshark makes of the filters

if command -v tshark >/dev/null; then
    frames() { tshark -r "$1/trace.pcapng" -Y "$2" 2>/dev/null | wc -l; }
    claim "the filter for what was dropped finds as many packets as the record has" \
        test "$(frames "$symmetric" 'frame.comment matches "^(dropped|lost) by"')" \
        = "$(jq '[.packets[] | select(.verdict == "dropped")] | length' "$symmetric/timeline.json")"
    claim "the filter for a packet finds it at each tap" \
        test "$(frames "$symmetric" "frame.packet_id == $id")" \
        = "$(jq --arg id "$id" '[.packets[] | select(.id == $id)] | length' "$symmetric/timeline.json")"
    transaction=$(jq -r --arg id "$id" 'first(.packets[] | select(.id == $id)).message as $m
        | .messages[$m].transaction' "$symmetric/timeline.json")
    claim "the filter for a transaction finds it" test \
        "$(frames "$symmetric" "stun.id == $(sed 's/../&:/g; s/:$//' <<<"$transaction")")" -gt 1
else
    echo "left out: tshark is not installed"
fi

# ---- many packets: the record fifty times over, one after the other

cp -r "$work/run" "$work/large"
timeline=$work/large/calls/$call/timeline.json
jq -c '(.packets | length) as $n | (.end_us + 1) as $us
    | .packets = [range(50) as $k | .packets[] | .number += $k * $n | .t_us += $k * $us
                  | .id = ((.id | tonumber) + 1000000 * $k | tostring)]' \
    "$timeline" >"$work/large.json" && mv "$work/large.json" "$timeline"
run_rtclab 0 report "$work/large"
report=file://$work/large/report/
number ALL "$(jq '[.packets[].id] | unique | length' "$timeline")"
number ALL_DROPPED "$(jq '[.packets[] | select(.verdict == "dropped")] | length' "$timeline")"
claim "a call of more than 5,000 packets is drawn with few marks, which stand for all" drive large <<S
open a REPORTindex.html#/call/$call
await a document.querySelector(".call-body[data-ready]") !== null
check a @ALL@ > 5000
press a [data-zoom=all]
await a $sum(".call-lanes .cross", (e) => e.dataset.count) === @ALL_DROPPED@
check a document.querySelectorAll(".call-lanes *").length < 2000
check a document.querySelectorAll(".call-ladder-rows li").length < 200
press a [data-zoom=setup]
await a $sum(".call-lanes .cross", (e) => e.dataset.count) < @ALL_DROPPED@
S

# ---- hostile records

hostile='</script><script>pwned=1</script><img src=x onerror=pwned=1>'"'"');pwned=1;(`${pwned=1}`'
cp -r "$work/run" "$work/hostile"
timeline=$work/hostile/calls/$call/timeline.json
jq -c --arg h "$hostile" '
    .descriptions[].sdp |= gsub("a=mid:0"; "a=mid:\($h)\r\na=__proto__:\($h)\u2028")
    | .messages[].attributes |= map(if . == "\"libnice\"" then $h else . end)
    | .packets[].summary |= "\(. // "") \($h)" | .packets[].note |= (if . then $h else . end)
    | .packets[].src = $h | .candidates.offerer[].type = $h | .candidates.offerer[].foundation = $h
    | .events[].data.hostile = $h | .events[].data.__proto__ = {"x": 1}
    | .mappings[].nat = $h | .taps[3] = $h | .packets[].reason |= (if . then "constructor" else . end)
    | .transactions[].server = $h | .blame.path[].text = $h | .blame.path[].part = "__proto__"
    | .candidates.answerer[0] = {} | .pairs.answerer[0].local = -1 | .packets[5].tap = 99
    | .packets[7].t_us = "soon" | .messages[3].attributes = 7 | .transactions[2].requests = null' \
    "$timeline" >"$work/hostile.json" && mv "$work/hostile.json" "$timeline"
jq -c --arg h "$hostile" '(.calls[] | select(.scenario == "turn/wrong-credentials")) |= (.why = $h | .cause.text = $h)' \
    "$work/hostile/results.json" >"$work/hostile.json" && mv "$work/hostile.json" "$work/hostile/results.json"
run_rtclab 0 report "$work/hostile"
report=file://$work/hostile/report/
claim "hostile descriptions, attributes and names stay text" drive hostile <<S
open a REPORTindex.html#/call/$call
await a document.querySelector(".call-body[data-ready]") !== null
await a document.querySelectorAll(".call-lanes .cross").length > 0
check a document.querySelector(".call-sdp").textContent.includes("onerror=pwned=1")
press a .call-ladder-row
await a document.querySelector(".call-ladder-inside").textContent.includes("onerror=pwned=1")
point a .call-lanes g.cross
await a document.querySelector(".call-tip").textContent.includes("onerror=pwned=1")
press a .call-lanes g.cross
await a document.querySelector(".call-detail").textContent.includes("onerror=pwned=1")
check a document.querySelectorAll("main img, main script, main iframe").length === 0
await a (location.hash = "#/call/nice~nice/turn/wrong-credentials/full/1", true)
await a document.querySelector(".call-cause").textContent.includes("onerror=pwned=1")
check a globalThis.pwned === undefined
S

rm "$work"/hostile/report/calls/*.js
claim "a missing file of details is said plainly" drive missing <<'S'
open a REPORTindex.html
open b REPORTindex.html#/call/nice~nice/link/bursty-loss/full/1
await b document.querySelector("[role=alert]").textContent.includes(".js cannot be loaded")
check b document.querySelector("h1").textContent.includes("link/bursty-loss")
S

# ---- accessibility

axe=$(ls "$here"/*/node_modules/axe-core/axe.min.js 2>/dev/null | head -1)
if [ -n "$axe" ]; then
    report=file://$work/run/report/
    number AXE "$axe"
    number SERIOUS '(async () => { const r = await axe.run(document, { resultTypes: ["violations"] }); globalThis.found = r.violations.filter((v) => v.impact === "serious" \|\| v.impact === "critical").map((v) => `${v.id}: ${v.nodes[0].html}`); document.body.dataset.axe = found.join("\\n") \|\| "nothing"; })()'
    claim "axe-core finds nothing serious, in either theme" drive axe <<S
open a REPORTindex.html#/call/$call?packet=@ID@
await a document.querySelector(".call-body[data-ready]") !== null
press a .call-ladder-row
load a @AXE@
await a (@SERIOUS@, true)
await a document.body.dataset.axe !== undefined
check a document.body.dataset.axe === "nothing"
scheme a dark
await a (delete document.body.dataset.axe, @SERIOUS@, true)
await a document.body.dataset.axe !== undefined
check a document.body.dataset.axe === "nothing"
S
else
    echo "left out: axe-core is not installed"
fi
finish
