#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What timeline.json says of a call: that it is all in the record, that Wireshark reads the
# same packets, and that the same seed gives the same file.
source "$(dirname "$0")/lib.sh"

"$RTCLAB" check --schema timeline >"$work/timeline.schema"
run_rtclab 0 run nat/symmetric~symmetric turn/wrong-credentials session/ice-restart \
    stun/beside-turn firewall/udp-blocked~open tcp/open~open \
    --modes trickle,full --seed 7 --out "$work/run"

all=$(jq -r '.calls[].artifacts.timeline' "$work/run/results.json")
claim "each call has a timeline" [ "$(echo "$all" | wc -l)" = 12 ]
for path in $all; do
    claim "$path fits its schema" fits "$work/timeline.schema" "$work/run/$path"
    claim "$path: each index is of something" holds '
        (.packets | length) as $packets | (.messages | length) as $messages
        | (.transactions | length) as $transactions
        | (.candidates | map_values(length)) as $candidates | (.pairs | map_values(length)) as $pairs
        | (.taps | length) as $taps
        | all(.packets[]; .tap < $taps and (.message // 0) < $messages)
          and all(.transactions[]; all(.requests[], .losses[], (.answer // 0); . < $packets)
                                   and (.requests | length) > 0 and (.pair == null or .pair < $pairs[.role]))
          and all(.pairs.offerer[]; .local < $candidates.offerer and .remote < $candidates.answerer
                                    and all(.checks[]; . < $transactions))
          and all(.pairs.answerer[]; .local < $candidates.answerer and .remote < $candidates.offerer)' \
        "$work/run/$path"
    claim "$path: each check is of a pair, each answer comes after its request" holds '
        . as $t | all(.transactions[]; (.use != "check" or .pair != null)
            and (.answer == null or $t.packets[.answer].t_us >= $t.packets[.requests[0]].t_us))' \
        "$work/run/$path"
    claim "$path: what was not forged is verified" holds '
        all(.messages[]; .integrity | IN("verified", "absent", "unknown"))
        and all(.messages[]; (.is_check | not) or .integrity == "verified")' "$work/run/$path"
done

of() { echo "$work/run/calls/nice~nice/$1/$2/1/timeline.json"; }
symmetric=$(of nat/symmetric~symmetric trickle)
claim "all integrity is verified where the record has the keys" holds \
    'all(.messages[]; .integrity != "unknown") and any(.messages[]; .integrity == "verified")' "$symmetric"
claim "also that of the checks after an ICE restart" holds '
    [.messages[] | select(.is_check and .class == 0) | .attributes as $a
     | $a[($a | index("USERNAME")) + 1]] | unique | length == 4' "$(of session/ice-restart trickle)"
claim "a user that the server does not know: the key is not in the record" holds '
    any(.messages[]; .method == 3 and .integrity == "unknown")' "$(of turn/wrong-credentials trickle)"
claim "and its transactions end with 401" holds '
    any(.transactions[]; .use == "turn" and .error_code == 401)' "$(of turn/wrong-credentials trickle)"
claim "the selected pair of each peer is valid and nominated" holds '
    all(.pairs[]; max_by(.selected_us // -1)
        | .selected_us != null and .valid_us != null and .nominated_us != null
          and .valid_us <= .selected_us)' "$symmetric"
claim "it has the types that results.json has" holds "
    . as \$t | [{r: \"offerer\", o: \"answerer\"}, {r: \"answerer\", o: \"offerer\"}]
    | map(. as \$s | \$t.pairs[.r] | max_by(.selected_us // -1)
          | [\$t.candidates[\$s.r][.local].type, \$t.candidates[\$s.o][.remote].type])
    == $(jq -c '[.calls[] | select(.scenario == "nat/symmetric~symmetric" and .mode == "trickle").selected
                 | (.offerer, .answerer) | [.local, .remote]]' "$work/run/results.json")" "$symmetric"
claim "a symmetric NAT makes peer-reflexive candidates that nobody signalled" holds '
    any(.candidates[][]; .type == "prflx" and .text == "" and .priority > 0)' "$symmetric"
claim "checks through the relay are seen inside of it" holds '
    any(.messages[]; .is_relayed and .is_check and .peer != null)' "$symmetric"
claim "filtered checks are losses, with who and why" holds '
    . as $t | any(.transactions[]; .use == "check" and .answer == null and (.losses | length) > 0
        and all(.losses[]; $t.packets[.] | .verdict == "dropped" and .element != null and .reason != null))' \
    "$symmetric"
claim "STUN without the magic cookie is read, and is for gathering" holds '
    any(.transactions[]; .use == "gathering" and .method == 1 and .answer != null
                         and .server == "203.0.113.10:3478")' "$(of stun/beside-turn trickle)"
claim "TURN over TCP, too" holds '
    any(.messages[]; .is_relayed and .is_check) and any(.packets[]; .protocol == 6 and .message != null)' \
    "$(of firewall/udp-blocked~open trickle)"
claim "and checks over TCP, framed" holds '
    . as $t | [.transactions[] | select(.use == "check") | $t.packets[.requests[0]].protocol] | unique == [6]' \
    "$(of tcp/open~open trickle)"
claim "full: the description was made, then waited, then was sent" holds '
    .descriptions | length == 2 and all(.made_us < .sent_us and .sent_us < .delivered_us)' \
    "$(of nat/symmetric~symmetric full)"

# Wireshark.
if command -v tshark >/dev/null; then
    for path in $all; do
        timeline=$work/run/$path trace=$work/run/${path%timeline.json}trace.pcapng
        fields() { tshark -r "$trace" -T fields "$@" 2>/dev/null; }
        claim "$path: as many frames as Wireshark counts, each at its time" diff \
            <(jq -r '.packets[] | "\(.number) \(.id)"' "$timeline") \
            <(fields -e frame.number -e frame.packet_id | tr '\t' ' ')
        claim "$path: the same were dropped" diff \
            <(jq -r '.packets[] | select(.verdict == "dropped").number' "$timeline") \
            <(fields -Y 'frame.comment contains "dropped by"' -e frame.number)
        claim "$path: over UDP the same types of STUN messages" diff \
            <(jq -r '. as $t | .packets[] | select(.protocol == 17 and .message != null) | . as $p
                     | $t.messages[.message] | select(.is_relayed | not)
                     | "\($p.number) \(.method) \(.class) \(.transaction)"' "$timeline" |
                awk 'NR == FNR { other[$1]; next } !($1 in other)' \
                    <(fields -Y classicstun -e frame.number; echo 0) -) \
            <(fields -Y 'stun && udp && !(stun.type.method in {6, 7} && stun.att.type == 19)' \
                -e frame.number -e stun.type.method -e stun.type.class -e stun.id |
                awk 'NF == 4 { class["0x0000"] = 0; class["0x0001"] = 1; class["0x0010"] = 2; class["0x0011"] = 3
                       gsub(":", "", $4); sub("^0x", "", $4)
                       print $1, index("123456789abcdef", substr($2, 6)), class[$3], $4 }')
    done
else
    echo "tshark is not installed: captures are not read"
fi

run_rtclab 0 run nat/symmetric~symmetric --modes trickle,full --seed 7 --out "$work/again"
for mode in trickle full; do
    claim "$mode: the same seed gives the same timeline" cmp "$(of nat/symmetric~symmetric $mode)" \
        "$work/again/calls/nice~nice/nat/symmetric~symmetric/$mode/1/timeline.json"
done
finish
