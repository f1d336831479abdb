#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The HTML report, opened from disk in headless Chromium as a person would.
# REPORT_PICTURES=FOLDER keeps pictures of each page.
source "$(dirname "$0")/lib.sh"

programs=$(dirname "$RTCLAB")
[ -x "$programs/page_driver" ] || skip "page_driver was not built"
command -v chromium >/dev/null || skip "chromium is not installed"
pictures=${REPORT_PICTURES:-$work}
axe=$here/axe/node_modules/axe-core/axe.min.js

# drive NAME: the script on standard input, REPORT in it being where the report is. At its end
# nothing may be in the console, and nothing asked for but the report's own files.
drive() {
    local script=$work/$1.script
    { cat; echo "silent a REPORT"; } | sed "s|REPORT|$report|g" >"$script"
    timeout 150 "$programs/page_driver" "$pictures" "$script"
}

# What axe-core finds against the page of tab a, of whatever weight; AXE in a script.
finds_nothing='axe.run(document, {resultTypes: ["violations"]}).then(({violations}) => violations.length === 0 || violations.map((v) => `${v.impact} ${v.id}: ${v.nodes.map((n) => n.target).join(" ")}`))'

# pages PREFIX HASH…: each in both themes, with axe-core's opinion, a picture, and whether it
# is wider than a telephone.
pages() {
    local prefix=$1 hash theme name
    shift
    {
        echo "open a REPORTindex.html"
        echo "await a document.querySelector('h1') !== null"
        [ ! -e "$axe" ] || echo "load a $axe"
        for hash; do
            name=$(tr -cs 'a-z0-9' - <<<"${hash#\#/}" | sed 's/^-*//; s/-*$//')
            echo "await a (location.hash = '$hash', true)"
            echo "await a document.querySelector('main h1') && !document.querySelector('[aria-busy=true]')"
            for theme in light dark; do
                echo "scheme a $theme"
                echo "size a 1360x900"
                [ ! -e "$axe" ] || echo "check a $finds_nothing"
                echo "whole a $prefix-${name:-overview}-$theme.png"
                echo "size a 360x740"
                echo "check a document.documentElement.scrollWidth <= 360 || document.documentElement.scrollWidth"
            done
            echo "whole a $prefix-${name:-overview}-phone.png"
            echo "medium a print"
            echo "check a getComputedStyle(document.querySelector('nav')).display === 'none'"
            echo "medium a screen"
        done
    } | drive "$prefix"
}

[ -e "$axe" ] || echo "left out: axe-core is not installed; try: ./quickstart.sh deps --all"

# ---- a run as it is ----

run_rtclab 0 run --repeat 2 --out "$work/run"
report=file://$work/run/report/
dead='nice~nice/stun/dead/full/1'
claim "each page is silent, fits a telephone and is for everybody, light and dark" \
    pages run '#/' '#/latency' '#/calls' "#/call/$dead"
claim "the first screen says what matters of each scenario" drive first <<'S'
open a REPORTindex.html
await a document.querySelector('#matrix') !== null
check a document.querySelector('h1').textContent.startsWith('All ')
check a document.querySelectorAll('#matrix tbody tr').length === rtclab.data.groups.length && rtclab.data.groups.length > 10
check a [...document.querySelectorAll('#matrix .row-chart')].some((c) => /trickle \d.*full \d/.test(c.getAttribute('aria-label')))
check a document.querySelectorAll('#matrix .mark-place.mode-trickle').length === rtclab.data.groups.filter((g) => g.medians.get('trickle') !== null).length
S
claim "filters stand in the URL, choose the rows, and survive a reload" drive filters <<'S'
open a REPORTindex.html
await a document.querySelector('#matrix') !== null
type a filter-text stun/
await a location.hash === '#/?text=stun%2F'
await a document.querySelectorAll('#matrix tbody tr').length === 1
await a (location.reload(), true)
await a document.querySelector('#filter-text')?.value === 'stun/' && document.querySelectorAll('#matrix tbody tr').length === 1
press a filter-clear
await a location.hash === '#/' && document.querySelectorAll('#matrix tbody tr').length > 10
await a (document.getElementById('filter-mode').value = 'full', document.getElementById('filter-mode').dispatchEvent(new Event('change')), true)
await a location.hash === '#/?mode=full' && document.querySelectorAll('#matrix thead th').length === 4
press a sort-saving
await a new URLSearchParams(location.hash.split('?')[1]).get('sort') === 'saving'
check a document.querySelector('#matrix tbody th a').textContent === 'stun/dead'
S
claim "links lead to calls, back leads back, and a link says all" drive links <<'S'
open a REPORTindex.html#/calls?outcome=failed&sort=-mode
await a document.querySelectorAll('#calls tbody tr').length > 0
check a [...document.querySelectorAll('#calls tbody tr')].every((row) => row.textContent.includes('failed'))
check a document.querySelector('#calls tbody tr').textContent.includes('trickle')
press a #calls tbody a
await a location.hash.startsWith('#/call/nice~nice/turn/wrong-credentials/trickle/') && document.title.includes('wrong-credentials')
await a (history.back(), true)
await a location.hash === '#/calls?outcome=failed&sort=-mode' && document.querySelector('#calls') !== null
S
claim "the keyboard is enough" drive keyboard <<'S'
open a REPORTindex.html
await a document.querySelector('#matrix') !== null
key a Tab
check a document.activeElement.classList.contains('skip')
key a Enter
check a document.activeElement.id === 'main' && location.hash === ''
await a (document.getElementById('sort-slow').focus(), true)
key a Enter
await a location.hash === '#/?sort=slow' && document.activeElement.id === 'sort-slow'
await a (document.querySelector('nav a[href="#/latency"]').focus(), true)
key a Enter
await a document.querySelector('#differences') !== null && document.activeElement.id === 'main'
await a (document.getElementById('theme').focus(), true)
key a Enter
check a document.documentElement.dataset.theme === 'light'
key a Space
check a document.documentElement.dataset.theme === 'dark'
S
claim "the latency page has each sample, its quantiles, and each pair's difference" drive latency <<'S'
open a REPORTindex.html#/latency
await a document.querySelector('#differences') !== null
check a d3.sum(rtclab.data.groups, (g) => g.comparison.trickle_saves_ms?.samples.length ?? 0) === d3.sum([...document.querySelectorAll('#differences tbody tr')], (row) => +row.querySelector('td.number').textContent)
check a [...document.querySelectorAll('#quantiles tbody tr')].length === 3
check a document.querySelectorAll('#stacks rect.part').length > 30
check a document.querySelectorAll('.step').length === 3
S

# ---- calls that went wrong, and a baseline ----

jq '.calls |= map(if .scenario == "link/rtt-300" and .mode == "full" then .outcome = "timeout" | .as_expected = false
        | .setup_ms = null | .setup_parts_ms = null | .selected = null | .why = "neither was connected"
        | .cause = {code: "filtered", text: "every check was filtered by home-b/nat", element: "home-b/nat", packets: [12, 15]}
        elif .scenario == "lan/one-lan" then .outcome = "unsupported" | .as_expected = false | .setup_ms = null | .why = "answerer cannot do audio"
        elif .scenario == "nat/hairpin" and .mode == "half" then .as_expected = false | .known_failure = {pointer: "/0", calls: "*", outcome: "connected", reason: "known since 0.1.20", status: "fails"}
        elif .scenario == "open/open~open" and .mode == "full" then .flaky = true | .attempts = 2 else . end)
    | .baseline = {path: "before", id: "b", version: "0.1.0", verdict: "failed", compared: 9, changes: [
        {scenario: "lan/one-lan", offerer: "nice", answerer: "nice", mode: "full", key: "nice~nice/lan/one-lan/full/1", kind: "outcome",
         is_regression: true, before: "connected", after: "unsupported", text: "was connected, is unsupported", divergence: {t_us: 5}}]}' \
    "$work/run/results.json" >"$work/changed" && mv "$work/changed" "$work/run/results.json"
run_rtclab 0 report "$work/run"
claim "it prints where the page is" has "$work/run/report/index.html" "$work/stdout"
claim "what went wrong is told, with its cause; what is known, flaky, unsupported or changed, too" drive wrong <<'S'
open a REPORTindex.html
await a document.querySelector('#matrix') !== null
check a document.querySelector('.hero .icon').getAttribute('aria-label') === 'Not as expected'
check a document.body.innerText.includes('every check was filtered by home-b/nat (packets 12, 15)')
check a document.body.innerText.includes('known since 0.1.20')
check a document.body.innerText.includes('answerer cannot do audio')
check a document.body.innerText.includes('connected at attempt 2')
check a document.querySelector('#changes').innerText.includes('was connected, is unsupported')
check a document.querySelectorAll('#matrix .wash-bad').length === 1 && document.querySelectorAll('#matrix .wash-odd').length === 2
press a .tiles a
await a location.hash === '#/calls?outcome=unexpected' && document.querySelectorAll('#calls tbody tr').length === 2
await a (location.hash = '#/latency?text=rtt-300', true)
await a document.querySelector('#quantiles') !== null && !document.querySelector('#quantiles').textContent.includes('full')
await a document.querySelector('#strips .censored').textContent.startsWith('✕')
S
claim "those pages, too, are silent, fit a telephone and are for everybody" pages wrong '#/' '#/latency' '#/calls'

# ---- hostile records ----

markup='</script><script>globalThis.owned=1</script><img src=x onerror=globalThis.owned=2><!--'
tricky=$'\u2028\u2029\u202e\u0007it'"'"'s `${globalThis.owned=3}` {{}} %s \\u003c'
jq -c --arg markup "$markup" --arg tricky "$tricky" '
    def evil: . + $markup + $tricky;
    (.calls[0].key |= evil) | (.calls[0].why = ("A" * 1000000 | evil)) | (.calls[0].as_expected = false)
    | (.calls[1] |= (.scenario |= evil | .mode |= evil | .offerer = "__proto__" | .answerer = "constructor" | .outcome |= evil))
    | (.calls[2].selected.offerer = {local: ("host" | evil), remote: "__proto__", protocol: ["tcp"]})
    | (.calls[3].cause = {text: ("x" | evil), packets: ["<b>", null, {}]}) | (.calls[3].as_expected = false) | (.calls[4].setup_parts_ms = {"__proto__": 5, "gathering": "x"})
    | (.calls[5] = {}) | (.calls[6] = {scenario: 5, mode: null, setup_ms: "NaN", repeat: {}, selected: [], peers: "x"})
    | (.run.id |= evil) | (.run.clock |= evil) | (.run.left_out = [{stack: $markup, why: $tricky}, 5]) | (.run.started = "yesterday")
    | (.scenarios["__proto__"] = {title: $markup, tags: [$markup, "__proto__", 5]}) | (.scenarios[.calls[7].scenario].title = $markup)
    | (.comparisons[0] = {scenario: "__proto__", trickle_saves_ms: {samples: "x", median: "y"}}) | (.comparisons[1] = 5)
    | (.comparisons[2].trickle_saves_ms = {samples: [1e308, -1e308, "x", null], median: 1e308, interval: ["x", {}], p_holm: "x"})
    | (.comparisons[3].predicted_saving_ms = -1e300)
    | (.baseline = {verdict: "__proto__", id: $markup, compared: $markup, changes: [5, {text: $markup, key: $markup, kind: $markup, divergence: {"__proto__": $markup, x: [$markup]}}]})
    ' "$work/run/results.json" >"$work/hostile" && mv "$work/hostile" "$work/run/results.json"
timeline=$(jq -r '.calls[8].artifacts.timeline' "$work/run/results.json")
printf '{"events":"\\ud800 lone","packets":[%s],"__proto__":{"polluted":1}}' '{"summary":"</script><img onerror=x>"}' >"$work/run/$timeline"
timeline=$(jq -r '.calls[9].artifacts.timeline' "$work/run/results.json")
printf '{"not JSON \xff\xfe' >"$work/run/$timeline"
run_rtclab 0 report "$work/run"
claim "hostile records run no script and break no page" drive hostile <<'S'
open a REPORTindex.html
await a document.querySelector('#matrix') !== null
check a document.querySelectorAll('script').length === 2 && document.querySelectorAll('img, iframe, object').length === 0
check a document.body.innerText.includes('<img src=x onerror=globalThis.owned=2>')
await a (location.hash = '#/latency', true)
await a document.querySelector('#differences') !== null
await a (location.hash = '#/calls', true)
await a document.querySelectorAll('#calls tbody tr').length === 100
await a (location.hash = rtclab.href('call', rtclab.data.calls[0].key), true)
await a document.querySelector('main').innerText.includes('onerror=globalThis.owned=2')
await a (location.hash = rtclab.href('call', rtclab.data.calls[8].key), true)
await a document.querySelector('main h1') !== null && !document.querySelector('[aria-busy=true]')
await a (location.hash = rtclab.href('call', rtclab.data.calls[9].key), true)
await a document.querySelector('main [role=alert]')?.textContent.includes('cannot be read')
check a document.querySelector('main').innerText.includes('rtclab run ')
await a (location.hash = '#/call/%E0%A4%A/__proto__', true)
await a document.querySelector('main').innerText.includes('no such call')
await a (location.hash = '#/__proto__?text=%E0&rows=-1&page=NaN', true)
await a document.querySelector('#filter-text') !== null
check a globalThis.owned === undefined && ({}).polluted === undefined
S
printf '{"schema":"rtclab/results/1","calls":["\\ud800"]}' >"$work/run/results.json"
run_rtclab 2 report "$work/run"
claim "what is no JSON is told with its place" has "results.json: line 1: " "$work/stderr"
run_rtclab 2 report "$work"
printf '{"schema":"other"}' >"$work/run/results.json"
run_rtclab 2 report "$work/run"
claim "and so is another schema" has '/schema: must be "rtclab/results/1", is "other"' "$work/stderr"
claim "the report that was there stays" test -s "$work/run/report/index.html"
finish
