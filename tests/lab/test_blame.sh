#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Over every scenario of the suite, in every mode: the parts of the set-up sum to it, and
# the path they come from has no gap; of each call that is to fail the cause that is named
# is the one that was configured; and what trickle saves is what was predicted.
source "$(dirname "$0")/lib.sh"

# A path from 0 to the set-up without gaps, each part the sum of its steps, nothing that
# the record does not explain.
path_holds='
def close(a; b): (a - b | fabs) < 0.0005;
.blame as $b | .setup_ms as $setup |
if .outcome == "unsupported" or .outcome == "error" then $b == null and .cause == null
elif .outcome != "connected" then $b == null and .cause != null
else .cause == null
    and $b.path[0].from_us == 0
    and close($b.path[-1].to_us / 1000; $setup)
    and ([range(1; $b.path | length) as $i | $b.path[$i].from_us == $b.path[$i - 1].to_us] | all)
    and ([$b.path[] | .to_us > .from_us] | all)
    and ([$b.parts_ms | to_entries[] | . as $e | close($e.value;
          [$b.path[] | select(.part == $e.key) | .to_us - .from_us] | add // 0 | . / 1000)] | all)
    and ([$b.path[] | .text != "what the record does not explain"] | all)
end'

sums_hold='[.calls[] | select(.outcome == "connected")] |
    length > 0 and all(([.setup_parts_ms[]] | add) - .setup_ms | fabs < 0.0005)'

causes_hold='.calls |
    all((.setup_parts_ms != null) == (.outcome == "connected")
        and (.cause != null) == (.outcome == "failed" or .outcome == "timeout"))'

each_path_holds() { # run's folder
    local file bad=0
    while IFS= read -r file; do
        jq -e "$path_holds" "$file" >/dev/null || { bad=1; echo "$file: its path does not hold"; }
    done < <(find "$1/calls" -name timeline.json)
    return $bad
}

blames() { # what, run's folder
    claim "$1: the parts of each call sum to its set-up" jq -e "$sums_hold" "$2/results.json"
    claim "$1: a call has a cause if it failed" jq -e "$causes_hold" "$2/results.json"
    claim "$1: each path leads from the start to the end" each_path_holds "$2"
}

run_rtclab 0 run '*' --out "$work/nice"
blames nice "$work/nice"

# Stacks with DTLS: what libnice alone cannot negotiate, and each kind of path.
dtls() { # stack, scenario…
    local stack=$1
    shift
    [ -x "$(dirname "$RTCLAB")/rtclab-peer-$stack" ] || return 0
    rtclab run --peers "$stack" "$@" --modes trickle,full --out "$work/$stack" >"$work/$stack.txt" 2>&1
    if jq -e '[.calls[] | select(.outcome == "connected")] == []' "$work/$stack/results.json" >/dev/null; then
        echo "left out: $stack cannot run here"
    else
        blames "$stack" "$work/$stack"
    fi
}
dtls gst media/one-way media/receive-only session/max-compat interop/port-restricted-cone~symmetric-data \
    turn/wrong-credentials link/bursty-loss
dtls libwebrtc media/echo media/loss interop/open interop/udp-blocked~open
dtls aiortc interop/open-data interop/port-restricted-cone~symmetric stun/dead

# The path names what took the time.
part() { # scenario and mode, jq on the path
    jq -e ".blame.path | $2" "$work/nice/calls/nice~nice/$1/1/timeline.json"
}
claim "2 s of full gathering are the dead STUN server's" part stun/dead/full \
    'any(.part == "gathering" and (.text | test("203.0.113.10:3478 is asked 3 times and does not answer"))
        and .to_us - .from_us == 2000000)'
claim "libnice's wait behind NATs is for a pair that nobody answers" part nat/symmetric~symmetric/trickle \
    'last | .part == "nomination" and (.text | test("waits for the end of a check of higher priority: .*nat-filtered"))
        and (.packets | length > 3)'
claim "a relay's check has waited for its permission" part turn/relay-only/trickle \
    'any(.part == "checks" and (.text | test("^a permission for ")))'
claim "ICE over TCP has made a connection" part tcp/open~open/trickle \
    'any(.part == "checks" and (.text | test("^the TCP connection to ")))'

# ---- causes ----

site() { # name, host, middlebox, link
    printf '"%s":{"link":%s,"middleboxes":[%s],"hosts":{"%s":{}}}' "$1" "$4" "$3" "$2"
}
link='{"delay_ms":10}'
symmetric='{"nat":"symmetric"}'
coturn='{"turn":{"link":{"delay_ms":5}}}'
silent='{"turn":{"type":"silent"}}'
mkdir "$work/causes"
scenario() { # cause, element, name, offerer's box, answerer's box, its link, servers, ice servers, more
    printf '%s %s %s\n' "$3" "$1" "$2" >>"$work/wanted"
    cat >"$work/causes/$3.json" <<JSON
{"title":"$3","sites":{$(site home-a offerer "$4" "$6"),$(site home-b answerer "$5" "$link")},
 "servers":$7,"ice_servers":$8,"signaling":{"delay_ms":20}${9-},"expect":{"outcome":"failed"}}
JSON
}
scenario filtered-by-nat home-a/nat symmetric-no-turn "$symmetric" "$symmetric" "$link" "$coturn" \
    '[{"urls":"stun:turn"}]'
scenario blocked-by-firewall home-a/firewall udp-blocked '{"firewall":"udp-blocked"}' '' "$link" \
    "$coturn" '[{"urls":"turn:turn"}]'
scenario blocked-by-firewall home-a/firewall nothing-comes-in '{"firewall":"inbound-blocked"}' '' \
    "$link" "$coturn" '[{"urls":"turn:turn"}]'
scenario server-silent 203.0.113.10:3478 dead-turn "$symmetric" "$symmetric" "$link" "$silent" \
    '[{"urls":"turn:turn"}]'
scenario server-silent 203.0.113.10:3478 relay-only-dead-turn '' '' "$link" "$silent" \
    '[{"urls":"turn:turn"}]' ',"peers":{"offerer":{"ice_transport_policy":"relay"}}'
scenario relay-refused 203.0.113.10:3478 relay-only-wrong-credentials '' '' "$link" "$coturn" \
    '[{"urls":"turn:turn","username":"nobody","credential":"wrong"}]' \
    ',"peers":{"offerer":{"ice_transport_policy":"relay"}}'
scenario loss home-a/link all-lost '' '' '{"delay_ms":10,"loss":1}' "$coturn" \
    '[{"urls":"turn:turn"}]'
scenario no-common-transport null udp-against-tcp '' '' "$link" "$coturn" '[]' \
    ',"peers":{"offerer":{"protocols":["udp"]},"answerer":{"protocols":["tcp"]}}'
scenario no-candidates null relay-only-no-server '' '' "$link" "$coturn" '[]' \
    ',"peers":{"offerer":{"ice_transport_policy":"relay"}}'

run_rtclab 0 run "$work/causes" --out "$work/failed"
blames_causes() {
    while read -r name code element; do
        claim "$name: the cause is $code, at $element" jq -e --arg n "$name" --arg c "$code" --arg e "$element" '
            [.calls[] | select(.scenario == $n)] | length == 3 and
            all(.cause.code == $c and (.cause.element // "null") == $e)' "$work/failed/results.json"
    done <"$work/wanted"
}
blames_causes
claim "what was dropped has packet numbers" jq -e '[.calls[] | select(.cause.code | test("filtered|blocked|loss|silent|refused"))]
    | length > 0 and all(.cause.packets | length > 0)' "$work/failed/results.json"
claim "the packets of a filtered call were dropped by its NATs" sh -c "
    folder='$work/failed/calls/nice~nice/symmetric-no-turn/trickle/1'
    jq -e '.cause.packets as \$wanted | [.packets[] | select(.number as \$n | \$wanted | index(\$n))] |
        length > 0 and all(.reason == \"nat-filtered\" and (.element | test(\"^home-[ab]/nat\$\")))' \
        \"\$folder/timeline.json\""

named() { # scenario, code, element, what the text says
    jq -e --arg s "$1" --arg c "$2" --arg e "$3" --arg t "$4" '[.calls[] | select(.scenario == $s)] | length == 3 and
        all(.cause.code == $c and .cause.element == $e and (.cause.text | test($t)))' "$work/nice/results.json"
}
claim "turn/wrong-credentials: refused with 401" named turn/wrong-credentials relay-refused 203.0.113.10:3478 401
claim "signaling/blocked: the office's firewall" named signaling/blocked signalling-lost office/firewall firewall-dropped

# ---- prediction ----

claim "each prediction or its lack is explained" jq -e '.comparisons | all(.prediction | length > 0)' "$work/nice/results.json"
claim "no prediction where there is chance" jq -e '[.comparisons[] | select(.scenario | test("^(link/bursty-loss|media/loss)$"))]
    | length == 2 and all(.predicted_saving_ms == null and (.prediction | test("chance")))' "$work/nice/results.json"
# One of libnice's ticks; where no UDP gets out two, as a pair found later decides.
claim "the default suite's savings are as predicted" jq -e '
    . as $all | [.comparisons[] | select(.residual_ms != null) | select($all.scenarios[.scenario].tags | index("default"))]
    | length >= 15 and all((.residual_ms | fabs) <= (if .scenario | test("^firewall/(udp|tcp)") then 40 else 20 end))' \
    "$work/nice/results.json"
claim "so are those of the NATs of RFC 4787" jq -e '[.comparisons[] | select(.scenario | startswith("behaviour/"))]
    | length == 9 and all(.residual_ms == 0)' "$work/nice/results.json"

finish
