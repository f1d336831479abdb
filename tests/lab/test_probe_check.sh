#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rtcprobe check` against coturn: all transports and formats, and the exit statuses.
source "$(dirname "$0")/lib.sh"
source "$here/probe.sh"
inside_own_network "$@"

# Runs check; its exit status must be STATUS.
check() { # status, argument…
    local wanted=$1 is=0
    shift
    claims=$((claims + 1))
    "$probe" check "$@" >"$work/stdout" 2>"$work/stderr" </dev/null || is=$?
    if [ "$is" = "$wanted" ]; then
        echo "ok   check $* exits with $wanted"
    else
        echo "FAIL check $* exits with $is, must exit with $wanted"
        sed 's/^/     | /' "$work/stdout" "$work/stderr" | tail -20
        failures=$((failures + 1))
    fi
}

start_coturn plain "${users[@]}" allow-loopback-peers verbose
echo wrong >"$work/wrong"
chmod 600 "$work/wrong"
uris=(turn:192.0.2.1 'turn:192.0.2.1?transport=tcp' turns:192.0.2.1
    'turns:192.0.2.1?transport=udp' stun:192.0.2.2)

check 0 "${uris[@]}" "${probe_options[@]}" -c 5 -o json
claim "each URI passes, in the order given" holds \
    '[.items[] | .status == "pass"] == [true, true, true, true, true] and
     [.items[].name] == ["turn:192.0.2.1", "turn:192.0.2.1?transport=tcp", "turns:192.0.2.1",
                         "turns:192.0.2.1?transport=udp", "stun:192.0.2.2"]' "$work/stdout"
claim "every payload comes back, over each" holds \
    '[.items[:4][].addresses[0].relay | [.sent, .returned] == [5, 5]] | all' "$work/stdout"
claim "the phases are those of each transport" holds \
    '[.items[].addresses[0].phases | map(.phase) | join(" ")] ==
     ["connect challenge allocate permission relay", "connect challenge allocate permission relay",
      "connect tls challenge allocate permission relay",
      "connect tls challenge allocate permission relay", "connect binding"]' "$work/stdout"
claim "the certificate has its days" holds \
    '.items[2].addresses[0].tls | .name_ok and .trusted and .days_left >= 29' "$work/stdout"
check 0 "turn:[2001:db8::1]" -u joe --pass-env PROBE_PASSWORD -c 5
claim "IPv6 has a relay, too" has "loss 0.0 %" "$work/stdout"

# Gates and failures, each with its status and its words.
check 1 turns:192.0.2.1 "${probe_options[@]}" -c 0 --cert-days 40
claim "the gate is said" grep -qE "expires in (29|30) days" "$work/stdout"
check 1 turn:192.0.2.1 "${probe_options[@]}" -c 3 --max-rtt 1us
claim "so is that of the round trip" has "more than 1.0 us" "$work/stdout"
check 3 turn:192.0.2.1:9 stun:192.0.2.2 "${probe_options[@]}"
claim "nothing listens there" has "nothing listens on UDP 9 there" "$work/stdout"
claim "the other URI is told of, all the same" has "PASS in" "$work/stdout"
check 4 turn:192.0.2.1 -u joe --pass-file "$work/wrong"
claim "the realm is said" has "the server's realm is example.org" "$work/stdout"
check 5 turns:192.0.2.1 -u joe --pass-env PROBE_PASSWORD
claim "the certificate's problem is said" has "self-signed" "$work/stdout"
check 2 turn.example.org

# Formats, in the eyes of others.
check 0 turns:192.0.2.1 "${probe_options[@]}" -c 3 -o prom
command -v promtool >/dev/null &&
    claim "promtool takes the metrics" promtool check metrics <"$work/stdout"
check 4 turn:192.0.2.1 stun:192.0.2.1 -u joe --pass-file "$work/wrong" -o tap
command -v prove >/dev/null &&
    claim "prove counts one failure of two" bash -c \
        'prove --exec cat "$0" 2>&1 | grep -q "Failed 1/2 subtests"' "$work/stdout"
check 4 turn:192.0.2.1 stun:192.0.2.1 -u joe --pass-file "$work/wrong" -o junit
command -v xmllint >/dev/null &&
    claim "the JUnit file is XML with one failure" test \
        "$(xmllint --xpath 'count(//testcase/failure)' "$work/stdout")" = 1
check 2 turn:192.0.2.1 -u joe --pass-file "$work/wrong" -o nagios
claim "Nagios gets one line" bash -c \
    '[ "$(wc -l <"$0")" = 1 ] && grep -q "^RTCPROBE CHECK CRITICAL - " "$0"' "$work/stdout"
check 0 turn:192.0.2.1 stun:192.0.2.1 "${probe_options[@]}" -c 3 -o jsonl
claim "each line is an item, the last the document" bash -c \
    '[ "$(jq -r "[.status, .schema] | map(. // \"-\") | join(\" \")" "$0" | tr "\n" ,)" = \
       "pass -,pass -,- rtcprobe/1," ]' "$work/stdout"

# Each allocation is given back.
logged() { # what: how many lines of coturn's log have it
    cat "$work"/plain/log* | grep -cF "$1"
}
are_given_back() {
    local made given_back
    for _ in $(seq 50); do
        made=$(logged "ALLOCATE processed, success")
        given_back=$(logged "lifetime=0")
        [ "$made" -gt 10 ] && [ "$made" = "$given_back" ] && return
        sleep 0.1
    done
    echo "$made made, $given_back given back"
    return 1
}
claim "each allocation is given back" are_given_back

# Ctrl-C: what is known is told.
before=$(logged "CREATE_PERMISSION processed, success")
"$probe" check turn:192.0.2.1 "${probe_options[@]}" -c 10000 -o json >"$work/stdout" &
interrupted=$!
for _ in $(seq 100); do
    [ "$(logged "CREATE_PERMISSION processed, success")" -gt "$((before + 1))" ] && break
    sleep 0.1
done
kill -INT "$interrupted"
wait "$interrupted"
claim "Ctrl-C is 130" test $? = 130
claim "and what was known is told" holds '.exit_status == 130 and .items[0].status == "skipped"' "$work/stdout"
claim "and the allocations are given back" are_given_back

finish
