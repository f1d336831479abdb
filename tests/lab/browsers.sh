# SPDX-License-Identifier: Apache-2.0
# Shared by the tests of browsers; to be sourced after lib.sh, with `browser` set.

open=interop/open
nats='interop/port-restricted-cone~symmetric'
blocked='interop/udp-blocked~open'
variable=RTCLAB_${browser^^}

# How long a set-up takes in real time is the machine's affair.
relax_scenarios() {
    local file
    cp -r "$RTCLAB_SCENARIOS" "$work/scenarios"
    for file in "$work"/scenarios/{interop,media,session}/*.json; do
        jq 'if .expect then .expect.setup_max_ms = 20000 else . end' "$file" >"$work/relaxed" &&
            mv "$work/relaxed" "$file"
    done
}

# calls PEERS OUT ARG…
calls() {
    local peers=$1 out=$work/$2
    shift 2
    run_rtclab 0 run --scenarios "$work/scenarios" --peers "$peers" --jobs 1 --out "$out" "$@"
    claim "$peers: on the wall clock, and the result says why" holds '
        .calls | length > 0 and all(.as_expected and .clock == "wall" and
            (.clock_why | endswith(" is a browser, whose processes keep real time")))' "$out/results.json"
    claim "$peers: DTLS, a data channel and media on both sides" holds '
        all(.calls[]; .phases_ms | [.offerer, .answerer] | all(
            .dtls_connected != null and .channel_open != null and .first_media != null))' "$out/results.json"
    claim "$peers: the first audio and video frames came in both directions" bash -c '
        shopt -s globstar
        for file in "$1"/calls/**/events.jsonl; do
            jq -s -e "[.[] | select(.kind == \"peer.first-media\") | .src + \" \" + .data.media] | sort ==
                [\"answerer audio\", \"answerer video\", \"offerer audio\", \"offerer video\"]" "$file" || exit
        done' - "$out"
}

# What doctor finds is there, and what --peers all takes.
claims_of_presence() {
    run_rtclab 0 doctor
    claim "doctor finds it" grep -qE "^ok +peer $browser " "$work/stdout"
}

# claims_of_a_death PROGRAM: a browser that is killed, in the call or on its way to it
claims_of_a_death() {
    printf '#!/bin/sh\n(sleep 8; kill -KILL $$) &\nexec %s "$@"\n' "$1" >"$work/dies"
    chmod +x "$work/dies"
    jq '.duration_ms = 25000' "$work/scenarios/$open.json" >"$work/scenarios/session/long.json"
    export "$variable"
    printf -v "$variable" %s "$work/dies"
    run_rtclab 3 run --scenarios "$work/scenarios" session/long --modes trickle --peers "$browser" --out "$work/dies-run"
    claim "a browser that is killed: an error that says so" holds '.calls[0]
        | .outcome == "error" and (.why | contains("was ended by signal 9"))' "$work/dies-run/results.json"
    claim "nothing of it is left" nothing_is_left
    unset "$variable"
}

# claims_of_a_call FOLDER: of a call in the open; of the offerer, where only that is the browser
claims_of_a_call() {
    claim "no packet but the call's: of the two hosts and the TURN server" bash -c '
        tshark -r "$1" -T fields -e ip.src -e ip.dst -e ipv6.src 2>/dev/null | tr "\t," "\n\n" |
            grep -v "^$" | sort -u | tee /dev/stderr | sed -E "s/^198\.51\.100\.[0-9]+$/host/" | sort | uniq -c |
            tr -s " \n" " " | grep -qx " 1 203.0.113.10 2 host "' - "$1/trace.pcapng"
    claim "its host candidates are addresses, no names of mDNS" bash -c '
        jq -s -e "[.[] | select(.kind == \"peer.candidate\" and .data.type == \"host\") | .data.address]
            | length > 0 and all(startswith(\"198.51.100.\"))" "$1"' - "$1/events.jsonl"
    claim "its times are in order with what the harness saw: none is later than its record" bash -c '
        jq -s -e "([.[] | select(.kind == \"signal.sent\" and .src == \"offerer\" and .data.type == \"offer\")][0].t_us) as \$sent
            | ([.[] | select(.kind == \"peer.signaling-state\" and .src == \"offerer\")][0].t_us) as \$had
            | \$had <= \$sent and \$sent - \$had < 1000000" "$1"' - "$1/events.jsonl"
    claim "nothing is left: no process, no profile" nothing_is_left
    claim "and no profile in the folder for temporary files" bash -c \
        "! ls -d '${TMPDIR:-/tmp}'/rtclab-$browser-*"
}
