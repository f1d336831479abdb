#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# For all nine NATs three agree: the scenario, others' tool (coturn's turnutils_natdiscovery,
# RFC 5780) and rtcprobe nat, both run inside the site. Then what rtcprobe says besides: how
# long mappings last, hairpinning, no NAT, no UDP, and a server that lacks what it needs.
source "$(dirname "$0")/lib.sh"
command -v turnutils_natdiscovery >/dev/null || skip "turnutils_natdiscovery is not installed"
RTCPROBE=$(dirname "$RTCLAB")/rtcprobe
export RTCPROBE

declare -A words=([ei]="Endpoint Independent" [ad]="Address Dependent"
    [apd]="Address and Port Dependent")
declare -A cones=([ei]="full cone" [ad]="restricted cone" [apd]="port-restricted cone")

discover() { # mapping-and-filtering switch
    # shellcheck disable=SC2016
    "$RTCLAB" exec "behaviour/$1" offerer -- \
        sh -c 'turnutils_natdiscovery "$0" "$RTCLAB_SERVER_TURN"' "$2" \
        >"$work/$1$2" 2>&1 </dev/null
}

probe() { # file, scenario, options of rtcprobe nat; its exit status is that of rtcprobe
    local file=$work/$1 scenario=$2
    shift 2
    # shellcheck disable=SC2016
    "$RTCLAB" exec --clock virtual "$scenario" offerer -- \
        sh -c 'exec "$RTCPROBE" nat "stun:$RTCLAB_SERVER_TURN" -o json "$@"' sh "$@" \
        >"$file" 2>"$file.err" </dev/null
}

# True if a test in a document came to a jq expression.
found() { # file, test, expression
    holds "any(.items[]; .name == \"$2\" and ($3))" "$work/$1"
}

exits() { # status, command
    local is=0 wanted=$1
    shift
    "$@" || is=$?
    [ "$is" = "$wanted" ] || { echo "exits with $is, must with $wanted"; return 1; }
}

for mapping in ei ad apd; do
    for filtering in ei ad apd; do
        discover "$mapping-$filtering" -m &
        discover "$mapping-$filtering" -f &
        probe "$mapping-$filtering" "behaviour/$mapping-$filtering" &
    done
done
wait # mostly for time-outs of the other tool: all at once
for mapping in ei ad apd; do
    for filtering in ei ad apd; do
        name=$mapping-$filtering
        claim "$name: mapping is ${words[$mapping],,}" \
            grep -qi "NAT with ${words[$mapping]} Mapping" "$work/$name-m"
        claim "$name: filtering is ${words[$filtering],,}" \
            grep -qi "NAT with ${words[$filtering]} Filtering" "$work/$name-f"
        hyphened=${words[$mapping],,}
        claim "$name: rtcprobe finds the same mapping" \
            found "$name" mapping ".behaviour == \"${hyphened// /-}\" and .is_translated"
        hyphened=${words[$filtering],,}
        claim "$name: rtcprobe finds the same filtering" \
            found "$name" filtering ".behaviour == \"${hyphened// /-}\""
        classic=symmetric
        [ "$mapping" = ei ] && classic=${cones[$filtering]}
        claim "$name: RFC 3489 calls it $classic" \
            holds ".nat.rfc3489 == \"$classic\" and .exit_status == 0" "$work/$name"
    done
done

forgetful() { # mapping and filtering, lifetime
    jq ".sites.home.middleboxes[0].nat += {udp_lifetime_ms: $2}" \
        "$RTCLAB_SCENARIOS/behaviour/$1.json" >"$work/forgetful-$1.json"
}
forgetful ei-ei 30000
forgetful apd-apd 150000
claim "a mapping that lasts 30 s is timed" \
    probe life-30 "$work/forgetful-ei-ei.json" --lifetime
claim "  to a second and a half" \
    found life-30 lifetime ".at_least_s <= 30 and .below_s >= 30 and .below_s - .at_least_s < 1.5"
claim "one that lasts 150 s behind a symmetric NAT as well" \
    probe life-150 "$work/forgetful-apd-apd.json" --lifetime
claim "  to a second and a half" \
    found life-150 lifetime ".at_least_s <= 150 and .below_s >= 150 and .below_s - .at_least_s < 1.5"
claim "one that lasts longer than is waited is at least that long" \
    probe life-long "$work/forgetful-apd-apd.json" --lifetime --max-lifetime 60s
claim "  and no end is made up" \
    found life-long lifetime ".at_least_s >= 60 and .at_least_s < 61 and .below_s == null"
claim "how long that may take is said first" has "takes up to 3 min" "$work/life-long.err"

claim "hairpinning is seen" probe hairpin nat/hairpin --hairpin
claim "  with its source" found hairpin hairpin ".works and .has_external_source"
claim "where there is none it is not" probe no-hairpin nat/no-hairpin --hairpin
claim "  and no source is made up" found no-hairpin hairpin ".works == false and .is_translated and .has_external_source == null"

claim "no NAT is told" probe open open/open~open --lifetime --mapping --filtering --hairpin
claim "  as the open Internet" \
    holds '.nat.rfc3489 == "open Internet" and all(.items[]; .is_translated != true)' "$work/open"
claim "a stateful firewall without NAT is told" probe firewall firewall/stateful~open
claim "  as RFC 3489 has it" holds '.nat.rfc3489 == "symmetric UDP firewall"' "$work/firewall"
claim "blocked UDP is 3" exits 3 probe blocked firewall/udp-blocked~open --timeout 3s
claim "  and told" holds '.nat.rfc3489 == "UDP blocked" and (.items | length) == 1' "$work/blocked"

# A server of one address, inside the host: on the wall clock, since it is nobody's peer. It
# is there when it is heard.
alone() {
    # shellcheck disable=SC2016
    "$RTCLAB" exec open/open~open offerer -- sh -c '
        turnserver -n --no-cli --no-auth --no-tls --no-dtls --listening-ip 127.0.0.1 \
            --listening-port 3999 --pidfile "$0/pid" --userdb "$0/db" --log-file "$0/log" \
            --simple-log &
        for _ in $(seq 50); do
            "$RTCPROBE" ping -c 1 --timeout 100ms stun:127.0.0.1:3999 >"$0/ping" && break
            sleep 0.1
        done
        "$RTCPROBE" nat stun:127.0.0.1:3999 --mapping --lifetime -o json
        is=$?
        kill $!
        exit $is' "$work" >"$work/alone" 2>"$work/alone.err" </dev/null
}
claim "a server with one address is inconclusive" exits 6 alone
claim "  for the mapping it has no OTHER-ADDRESS" \
    found alone mapping '.status == "inconclusive" and (.message | contains("OTHER-ADDRESS"))'
claim "  for the lifetime no RESPONSE-PORT" \
    found alone lifetime '.status == "inconclusive" and (.message | contains("RESPONSE-PORT"))'
finish
