#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Several pairs of peers in one run, stacks that are not installed, known failures. The
# program is copied to a folder in which no stack stands beside it but those made here.
source "$(dirname "$0")/lib.sh"
open=open/open~open
built=$(dirname "$RTCLAB")
hello='{"type":"hello","contract":1,"stack":"fake","version":"1","capabilities":["trickle","data","relay","ice-tcp"]}'

mkdir "$work/bin"
cp "$built"/{rtclab,librtclab-clock.so,rtclab-peer-nice} "$work/bin/"
RTCLAB=$work/bin/rtclab

stack() { # name, script on standard input
    cat >"$work/bin/rtclab-peer-$1"
    chmod +x "$work/bin/rtclab-peer-$1"
}
known() { # entries; a file of known failures
    printf '{"known_failures":[%s]}' "$1" >"$work/known.json"
}
entry() { # offerer, answerer, outcome
    printf '{"offerer":"%s","answerer":"%s","scenario":"open/*","outcome":"%s","reason":"Because of %s"}' "$1" "$2" "$3" "$3"
}
times() { # how often a text is in the output
    [ "$(grep -cF -- "$2" "$work/stdout")" = "$1" ] || { cat "$work/stdout"; return 1; }
}

# ---- which stacks are there

stack gst <<'S'
#!/bin/sh
echo '{"type":"unsupported","what":"gst: run ./install-gst"}' >&3
S
stack aiortc <<S
#!/bin/sh
exec "$work/bin/rtclab-peer-nice"
S
stack werift <<S
#!/bin/sh
echo '$hello' >&3
read -r configure <&3
echo '{"type":"event","kind":"peer.connection-state","data":{"state":"failed"}}' >&3
cat <&3 >/dev/null
S
stack mine <<'S'
#!/bin/sh
exit 7
S

run_rtclab 0 doctor
claim "doctor: a stack that is there has its version" \
    grep -q '^ok  *peer nice  *libnice [0-9]' "$work/stdout"
claim "a script that is one, too" grep -q '^ok  *peer werift  *fake 1$' "$work/stdout"
claim "one that says it is not installed has its own words" \
    grep -q '^missing  *peer gst  *gst: run ./install-gst$' "$work/stdout"
claim "one without a program has the command that installs it" grep -q \
    '^missing  *peer firefox .*try: ./quickstart.sh deps --all && ./quickstart.sh build$' "$work/stdout"
claim "one that does not speak is neither" \
    grep -q '^unclear  *peer mine  *it ended without a word$' "$work/stdout"
rm "$work/bin/rtclab-peer-mine"
stack mine <<S
#!/bin/bash
said=\$(: 2>&1 </dev/tcp/127.0.0.1/1)
echo '$hello' | sed "s/\"version\":\"1\"/\"version\":\"\${said##*: }\"/" >&3
S
run_rtclab 0 doctor
claim "a stack that is asked who it is has a loopback interface" \
    grep -q '^ok  *peer mine  *fake Connection refused$' "$work/stdout"
rm "$work/bin/rtclab-peer-mine"
stack mine <<'S'
#!/bin/sh
exec sleep 1000
S
started=$(date +%s)
run_rtclab 0 doctor
claim "one that says nothing for long is not waited for" test $(($(date +%s) - started)) -lt 40
claim "and told" grep -q '^unclear  *peer mine .*did not say hello' "$work/stdout"
claim "nothing of the examined is left" nothing_is_left
rm "$work/bin/rtclab-peer-mine"

# ---- stacks that are not

run_rtclab 0 run $open --modes trickle --peers nice,firefox --out "$work/missing"
claim "a stack without a program: unsupported, with the command that installs it" holds '.calls[0]
    | .outcome == "unsupported" and (.why | contains("./quickstart.sh deps --all"))' "$work/missing/results.json"
claim "which the terminal says" has "./quickstart.sh deps --all" "$work/stdout"
claim "and there is no record of what did not happen" \
    holds '.calls[0].artifacts == null' "$work/missing/results.json"
claim "not even a folder" test ! -e "$work/missing/calls"
for peers in gst,nice nice,gst; do
    run_rtclab 0 run $open --modes trickle --peers $peers --out "$work/$peers"
    claim "unsupported in place of hello ($peers)" holds '.calls[0]
        | .outcome == "unsupported" and (.why | contains("gst: run ./install-gst"))' "$work/$peers/results.json"
done
stack libwebrtc <<'S'
#!/usr/bin/env -S --unset=X no-such-interpreter --option
S
run_rtclab 0 doctor
claim "a script whose interpreter is not installed: missing, with the command that installs it" \
    grep -q '^missing  *peer libwebrtc .*try: ./quickstart.sh deps --all' "$work/stdout"
run_rtclab 0 run $open --modes trickle --peers nice,libwebrtc --out "$work/interpreter"
claim "and its calls are unsupported, not errors" holds '.calls[0]
    | .outcome == "unsupported" and (.why | contains("./quickstart.sh deps --all"))' "$work/interpreter/results.json"
run_rtclab 2 signaling --listen 127.0.0.1:0 --peer libwebrtc
claim "nor does it answer in a room" has 'is not installed; try: ./quickstart.sh deps --all' "$work/stderr"
run_rtclab 2 run $open --peers nice,wreift
claim "a name that is near a stack's is told it" has 'did you mean "werift"?' "$work/stderr"

# ---- all

run_rtclab 1 run $open --modes trickle,full --peers all --out "$work/all"
results=$work/all/results.json
claim "all: each ordered pair of what is there, in each mode" holds '
    [.calls[] | .offerer + "~" + .answerer] == [("nice", "aiortc", "werift") as $o
        | ("nice", "aiortc", "werift") as $a | ("trickle", "full") | $o + "~" + $a]' "$results"
claim "a call with another is as good as with one's own" holds '
    [.calls[] | select(.offerer + .answerer | contains("werift") | not)] | length == 8
        and all(.outcome == "connected")' "$results"
claim "what is left out is told, with the reason" holds '.run.left_out
    | [.[].stack] == ["gst", "libwebrtc", "chromium", "firefox"] and .[0].why == "gst: run ./install-gst"' "$results"
claim "each once" times 1 "./install-gst"
claim "a call says what its peers are" holds '.calls[] | select(.key | startswith("aiortc~werift/"))
    | .peers.offerer.stack == "libnice" and .peers.answerer.version == "1"' "$results"
claim "the grid: a row for each offerer, a line for each mode" bash -c '
    grep -qE "^offerer +nice +aiortc +werift$" "$0" && grep -qE "^nice +trickle +ok 100 +ok 100 +FAIL$" "$0" &&
    grep -qE "^ +full +ok 260 +ok 260 +FAIL$" "$0" && grep -qE "^werift +all +FAIL +FAIL +FAIL$" "$0"' "$work/stdout"
claim "and what is what" has "werift is fake 1" "$work/stdout"
rtclab check --schema results >"$work/results.schema"
claim "results.json fits its schema" fits "$work/results.schema" "$results"

again=$(grep -A4 "^  aiortc~werift/$open/full/1" "$work/stdout" | sed -n 's/^    again   //p')
is=0
eval "RTCLAB_TEST_MARK=$mark $again --out \"\$work/again\"" >"$work/stdout" 2>"$work/stderr" || is=$?
claim "the command for one of the calls makes this one alone ($again)" [ $is = 1 ]
claim "with its seed" jq -e --slurpfile first "$results" '(.calls | length == 1) and (.calls[0] as $call
    | $first[0].calls[] | select(.key == $call.key) | .seed == $call.seed)' "$work/again/results.json"

run_rtclab 1 run $open --modes trickle --peers aiortc,all --out "$work/row"
claim "one with all" holds '[.calls[].key] == ["nice", "aiortc", "werift"
    | "aiortc~" + . + "/open/open~open/trickle/1"]' "$work/row/results.json"
run_rtclab 0 run nice~aiortc/$open/trickle/1 aiortc~nice/$open/full/2 --out "$work/keys"
claim "keys of several pairs" holds '[.calls[].key] | length == 2' "$work/keys/results.json"

if [ -x "$built/rtclab-peer-chromium" ]; then
    cp "$built/rtclab-peer-chromium" "$work/bin/"
    # Unsupported, whether Chromium is here or not: libnice does not do DTLS.
    run_rtclab 0 run nice~nice/$open/trickle/1 nice~chromium/$open/trickle/1 --out "$work/clocks"
    claim "a pair with a browser is on the wall clock, the others are not" holds '
        [.calls[] | {(.answerer): .clock}] | add == {"nice": "virtual", "chromium": "wall"}' "$work/clocks/results.json"
    claim "and says why" has "On the wall clock: 1 call; chromium is a browser" "$work/stdout"
    rm "$work/bin/rtclab-peer-chromium"
else
    echo "left out: rtclab-peer-chromium was not built"
fi

# ---- known failures

known "$(entry 'werift' '*' failed),$(entry '*' 'werift' failed)"
run_rtclab 0 run $open --modes trickle --peers all --known "$work/known.json" --out "$work/known"
claim "known failures are run, and do not make the run fail" holds '
    [.calls[] | select(.outcome == "failed")] | length == 5
        and all(.as_expected == false and .known_failure.status == "fails")' "$work/known/results.json"
claim "they are told with their reason" has "Because of failed" "$work/stdout"
claim "in the grid as well" grep -qE '^werift +trickle +known +known +known$' "$work/stdout"
claim "results.json fits its schema with them, too" fits "$work/results.schema" "$work/known/results.json"

known "$(entry nice nice timeout)"
run_rtclab 0 run $open --modes trickle --known "$work/known.json" --out "$work/passes"
claim "one that passes is told, and is no failure" has "remove /known_failures/0" "$work/stdout"
claim "with its file" has "known.json says otherwise" "$work/stdout"

known "$(entry werift nice timeout)"
run_rtclab 1 run $open --modes trickle --peers werift,nice --known "$work/known.json" --out "$work/differs"
claim "another failure than the known one is not hidden" holds \
    '.calls[0].known_failure.status == "differs"' "$work/differs/results.json"
claim "and says what was known" has "known   timeout: Because of timeout" "$work/stdout"

cp -r "$RTCLAB_SCENARIOS" "$work/scenarios"
cp "$work/known.json" "$work/scenarios/interop/known-failures.json"
run_rtclab 0 check --scenarios "$work/scenarios"
claim "the file beside the scenarios is checked" has "1 known failure is valid" "$work/stdout"
run_rtclab 0 check "$work/known.json"
claim "one of another name is known by what it holds" has "1 known failure is valid" "$work/stdout"
run_rtclab 1 run $open --modes trickle --peers werift,nice --scenarios "$work/scenarios" --out "$work/beside"
claim "and used" holds '.calls[0].known_failure.status == "differs"' "$work/beside/results.json"
known "$(entry werift nice unsupported)"
for arguments in "check $work/scenarios/interop/known-failures.json" \
    "check $work/known.json" "run $open --scenarios $work/scenarios" "run $open --known $work/known.json"; do
    cp "$work/known.json" "$work/scenarios/interop/known-failures.json"
    # shellcheck disable=SC2086
    run_rtclab 2 $arguments
    claim "a mistake in it is told" has '/known_failures/0/outcome: must be "connected"' "$work/stderr"
done

# ---- peers that have nothing in common

if [ -x "$built/rtclab-peer-gst" ]; then
    cp "$built/rtclab-peer-gst" "$work/bin/"
    for peers in nice,gst gst,nice; do
        run_rtclab 0 run $open --modes full --peers $peers --out "$work/bare-$peers"
        claim "a bare ICE agent and webrtcbin: unsupported, not a timeout" holds '.calls[0]
            | .outcome == "unsupported" and (.why | contains("bare ICE agent"))' "$work/bare-$peers/results.json"
    done
    run_rtclab 0 run interop/open --modes trickle --peers gst,all --out "$work/media"
    claim "with media, whoever has none is unsupported" holds '[.calls[] | {(.answerer): .outcome}] | add
        | .gst == "connected" and .nice == "unsupported" and .werift == "unsupported"' "$work/media/results.json"
else
    echo "left out: rtclab-peer-gst was not built"
fi
finish
